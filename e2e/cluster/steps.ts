const isTerminal = Boolean(process.stderr.isTTY);
/** Without a terminal (CI, a pipe) a long step says that it lives this often. */
const HEARTBEAT_MS = 15_000;

interface Done {
  readonly name: string;
  readonly seconds: number;
  readonly outcome: 'done' | 'failed';
}

const finished: Done[] = [];

export function say(text: string): void {
  process.stderr.write(isTerminal ? `\u001b[2m· ${text}\u001b[0m\n` : `· ${text}\n`);
}

/** Runs one step of the work with its name, the time it has taken so far and its end on stderr; remembered for the table. */
export async function step<T>(
  name: string,
  work: (report: (detail: string) => void) => Promise<T>,
): Promise<T> {
  const started = Date.now();
  let detail = '';
  const seconds = (): number => (Date.now() - started) / 1000;
  const draw = (tail: string): void =>
    void process.stderr.write(`\r\u001b[2K\u001b[2m· ${name}${detail && `: ${detail}`}${tail}\u001b[0m`);
  if (isTerminal) draw(' …');
  else say(name);
  const timer = setInterval(
    () => {
      if (isTerminal) draw(` … ${seconds().toFixed(0)} s`);
      else say(`  still at it after ${seconds().toFixed(0)} s${detail && `: ${detail}`}`);
    },
    isTerminal ? 1_000 : HEARTBEAT_MS,
  );
  let outcome: Done['outcome'] = 'failed';
  try {
    const result = await work((now) => {
      detail = now;
      if (isTerminal) draw(' …');
    });
    outcome = 'done';
    return result;
  } finally {
    clearInterval(timer);
    finished.push({ name, seconds: seconds(), outcome });
    const last = `${outcome} in ${seconds().toFixed(1)} s`;
    if (isTerminal) process.stderr.write(`\r\u001b[2K\u001b[2m· ${name}: ${last}\u001b[0m\n`);
    else say(`  ${last}`);
  }
}

/** Every step so far with its seconds, in order. */
export function stepTable(): string {
  const rows = finished.map(
    ({ name, seconds, outcome }) =>
      `${name.padEnd(52)} ${seconds.toFixed(1).padStart(7)} s  ${outcome === 'done' ? '' : 'FAILED'}`,
  );
  return `${rows.map((row) => row.trimEnd()).join('\n')}\n`;
}
