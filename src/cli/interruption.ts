/** A request to end: Ctrl-C, or a signal. */
export interface Interruption {
  readonly yet: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | undefined;
  /** Resolves with the first one. */
  promise: Promise<void>;
}

/** From now on, signals do not end the process but ask for an orderly end; a second one changes nothing. */
export function interruption(): Interruption {
  let yet: Interruption['yet'];
  const promise = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        yet ??= signal;
        resolve();
      });
    }
  });
  return {
    get yet() {
      return yet;
    },
    promise,
  };
}
