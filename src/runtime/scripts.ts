import { sttySize } from './terminal.ts';
import type { ContainerConfig, ContainerUser, TerminalSize } from './types.ts';

/** What a container's scripts are made from. */
export interface ScriptInput {
  config: ContainerConfig;
  hostname: string;
  defaultPath: string;
  /** Files to write 0 to, to join the container's control groups. */
  procsFiles: readonly string[];
  /** The same for the shim, where it must leave the peer's group to outlive it. */
  shimProcsFiles: readonly string[];
  /** Command prefix that drops privileges; empty when there is none to drop. */
  dropPrivileges: readonly string[];
  /** Command prefix that makes the mounts; then `mounts.sh` lies in the container's directory. */
  mountNamespace: readonly string[];
  home: string;
}

/**
 * The shim: parent of the workload, in a session of its own, so that it and its child outlive the peer. Runs
 * with a clean environment in the container's directory. Files it leaves there:
 * `shim`: its identity; made exclusively, so that a container never starts twice; `pid`: the workload's;
 * `exit`: the exit code, renamed into place; the times of `pid` and `exit` are those of start and finish.
 * The workload gets a session and process group of its own, and dies with its first process.
 */
export function shimScript(input: ScriptInput): string {
  return `#!/bin/sh
umask 077
read -r boot </proc/sys/kernel/random/boot_id
read -r stat </proc/self/stat
(set -C; printf '%s %s\\n' "$boot" "$stat" >shim) 2>/dev/null || exit 0
trap '' HUP INT TERM
${joinGroups(input.shimProcsFiles, 'true')}${openStdin(input.config)}(
trap - HUP INT TERM
${joinGroups(input.procsFiles, 'exit 128')}${oomScore(input.config)}read -r stat </proc/self/stat
printf '%s %s\\n' "$boot" "$stat" >pid
umask 022
exec setsid ${privilegedChain(input)} <workload.sh >>output.log 2>&1${input.config.stdin ? ` ${stdinKeeper}>&-` : ''}
) &
wait $!
code=$?
${waitAgain(input.config)}kill -9 "-$!" 2>/dev/null
printf '%s\\n' "$code" >exit.new && mv exit.new exit
`;
}

/** Where the workload's own standard input waits while the shell that starts it reads its script from standard input. */
const stdinDescriptor = 5;
/** The shim's own, so that the workload sees no end of it before the shim lets go. */
const stdinKeeper = 4;

/** Opening both ends at once waits for nobody. */
function openStdin({ stdin, stdinOnce, tty }: ContainerConfig): string {
  if (!stdin) return '';
  if (!stdinOnce || tty) return `exec ${stdinDescriptor}<>stdin\n`;
  return `exec ${stdinKeeper}<>stdin ${stdinDescriptor}<stdin
trap 'exec ${stdinKeeper}>&-; ended=1' USR1
`;
}

/** The signal that ends the input also ends the shell's wait. */
function waitAgain({ stdin, stdinOnce, tty }: ContainerConfig): string {
  return stdin && stdinOnce && !tty ? `if [ "$code$ended" = 1381 ]; then wait $!; code=$?; fi\n` : '';
}

/**
 * Drops privileges, then reads `workload.sh` from standard input. The environment is only set after that: LD_PRELOAD
 * and the like must not meet a privileged program.
 */
export function unprivilegedShell(dropPrivileges: readonly string[]): string {
  return [...dropPrivileges, '/bin/sh', '-s'].map(quote).join(' ');
}

/** Where there are mounts, `mounts.sh` comes first, and ends with the same. */
function privilegedChain(input: ScriptInput): string {
  if (input.mountNamespace.length === 0) return unprivilegedShell(input.dropPrivileges);
  return [...input.mountNamespace, '/bin/sh', './mounts.sh'].map(quote).join(' ');
}

/**
 * For `exec` in a running container: joins its groups and gets the same mounts, in the container's directory; the
 * script of the command follows on descriptor 3.
 */
export function execScript(input: ScriptInput): string {
  return `${joinGroups(input.procsFiles, 'exit 128')}exec ${privilegedChain(input)} ${stdinDescriptor}<&0 <&3 3<&-\n`;
}

/** What the script of a workload or command is to become. */
export interface Program {
  command: readonly string[];
  /** Gets its input from where it waits; else it is empty. */
  stdin: boolean;
  tty: boolean;
  size?: TerminalSize;
}

/**
 * Sets the environment and becomes the program. Read from standard input, whose descriptor a privileged process
 * has opened, since the file itself may hold secrets and is readable to nobody else.
 */
export function workloadScript(input: ScriptInput, program: Program = workloadOf(input.config)): string {
  const { config } = input;
  const env = new Map<string, string>([
    ['PATH', input.defaultPath],
    ['HOME', input.home],
    ['HOSTNAME', input.hostname],
    ...(program.tty ? ([['TERM', 'xterm']] as const) : []),
  ]);
  for (const { name, value } of config.env) env.set(name, value);
  const plain = [...env].filter(([name]) => isPlainName(name));
  const odd = [...env].filter(([name]) => !isPlainName(name)).map(([name, value]) => `${name}=${value}`);
  // `env` sets what a shell can't; its arguments can be seen in the process list for a moment, hence only those.
  const { command } = program;
  const argv = odd.length === 0 ? command : ['/usr/bin/env', '--', ...odd, ...command];
  // The shell's own variables, and what Node adds to every child when it measures coverage, go first.
  return `cd ${quote(config.workingDir ?? '/')} || exit 128
unset PWD OLDPWD SHLVL NODE_V8_COVERAGE
${plain.map(([name, value]) => `export ${name}=${quote(value)}\n`).join('')}${become(program, argv, env.get('SHELL'))}`;
}

function workloadOf({ command, stdin = false, tty = false }: ContainerConfig): Program {
  return { command, stdin, tty };
}

/**
 * `script` keeps the terminal: it is there wherever util-linux is, costs little, and outlives the peer. It runs its command
 * by `$SHELL`, and sees no terminal itself, hence would have none echo.
 */
function become({ stdin, tty, size }: Program, argv: readonly string[], shell: string | undefined): string {
  const input = stdin ? `<&${stdinDescriptor} ${stdinDescriptor}<&-` : `</dev/null ${stdinDescriptor}<&-`;
  const program = `exec ${argv.map(quote).join(' ')}`;
  if (!tty) return `${program} ${input}\n`;
  const ownShell = shell === undefined ? 'unset SHELL' : `SHELL=${quote(shell)}`;
  const settings = ['stty', 'echo', ...(size ? sttySize(size) : [])].join(' ');
  return `export SHELL=/bin/sh\nexec script -q -e -c ${quote(`${ownShell}; ${settings}; ${program}`)} /dev/null ${input}\n`;
}

/** Variables that some shell sets, refuses or understands itself. */
const shellNames = new Set(
  `_ BASH_ENV BASHOPTS BASHPID CDPATH DIRSTACK ENV EUID FUNCNAME GROUPS HISTCMD IFS LINENO MAIL MAILCHECK MAILPATH
   OLDPWD OPTARG OPTERR OPTIND POSIXLY_CORRECT PPID PS1 PS2 PS4 PWD RANDOM SECONDS SHELLOPTS SHLVL TMOUT UID`.split(
    /\s+/,
  ),
);

function isPlainName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !shellNames.has(name) && !name.startsWith('BASH_');
}

function joinGroups(procsFiles: readonly string[], onFailure: string): string {
  return procsFiles.map((file) => `echo 0 >${quote(file)} || ${onFailure}\n`).join('');
}

function oomScore(config: ContainerConfig): string {
  const score = config.resources?.oomScoreAdj;
  // Lowering needs privileges: a hint that may fail.
  return score === undefined ? '' : `echo ${score} 2>/dev/null >/proc/self/oom_score_adj\n`;
}

/** Quotes for a POSIX shell; nothing inside is special. */
export function quote(text: string): string {
  return /^[A-Za-z0-9_./:=@%+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Capabilities that containers run as root keep, as with other runtimes. */
const defaultCapabilities =
  'chown,dac_override,fowner,fsetid,kill,setgid,setuid,setpcap,net_bind_service,net_raw,sys_chroot,mknod,audit_write,setfcap';

/** Unprivileged by default: `nobody`. */
export const defaultUser = { uid: 65534, gid: 65534 };

/** The `setpriv` command that becomes the user of the container, from root. */
export function setprivCommand(user: ContainerUser = {}): string[] {
  const uid = user.uid ?? defaultUser.uid;
  const gid = user.gid ?? (uid === 0 ? 0 : defaultUser.gid);
  const groups = user.supplementalGroups ?? [];
  return [
    'setpriv',
    `--reuid=${uid}`,
    `--regid=${gid}`,
    groups.length === 0 ? '--clear-groups' : `--groups=${groups.join(',')}`,
    ...(user.privileged ? [] : ['--no-new-privs', '--inh-caps=-all', `--bounding-set=${boundingSet(uid)}`]),
  ];
}

function boundingSet(uid: number): string {
  const kept = defaultCapabilities.split(',').map((capability) => `+${capability}`);
  return uid === 0 ? ['-all', ...kept].join(',') : '-all';
}
