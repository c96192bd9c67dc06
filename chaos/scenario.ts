/** A fault-injection run against real processes. */
export type Scenario = (options: ScenarioOptions) => Promise<ScenarioResult>;

export interface ScenarioOptions {
  /** Decides whatever is random in it. */
  seed: number;
  /** How many faults. */
  rounds: number;
  /** Instead of rounds: go on for so long. */
  minutes: number | undefined;
  tell(text: string): void;
}

export interface ScenarioResult {
  /** One line for each broken promise; none: all held. */
  violations: string[];
  figures: Record<string, number>;
}
