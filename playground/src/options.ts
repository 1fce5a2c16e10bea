import { parseArgs } from 'node:util';
import { HOSTS } from './layout.ts';

export interface PlaygroundCommand {
  readonly once: boolean;
  /** The applications find each other in a real Nacos server. */
  readonly nacos: boolean;
  readonly output: 'text' | 'json';
  readonly help: boolean;
}

/** The arguments cannot be understood; the message says what was expected. */
export class UsageError extends Error {
  constructor(message: string, cause?: unknown) {
    super(`${message}\nTry: npm run demo -- --help`, { cause });
    this.name = 'UsageError';
  }
}

export function parseOptions(args: readonly string[]): PlaygroundCommand {
  const options = {
    once: { type: 'boolean', default: false },
    nacos: { type: 'boolean', default: false },
    output: { type: 'string', short: 'o', default: 'text' },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  try {
    const { values } = parseArgs({ args: [...args], options, allowPositionals: false });
    const { once, nacos, output, help } = values;
    if (output !== 'text' && output !== 'json') throw new UsageError(`-o takes text or json, not ${output}`);
    return { once, nacos, output, help };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(error instanceof Error ? error.message : String(error), error);
  }
}

export const HELP = `npm run demo [-- options]

Starts a small mesh on this machine's loopback addresses and sends real requests through it: a gateway, the services A, B and C,
each in a base and a gray version, and beside each of the six a sidecar. No Kubernetes, no root, nothing outside this folder.

  Host ${HOSTS.base}  is the base environment: A -> B -> C
  Host ${HOSTS.gray}    is the gray lane:        Agray -> Bgray -> Cgray

The applications know nothing of lanes. The gateway gives a request its lane by its Host; from then on the sidecars carry it.
When Bgray is stopped, B stands in for it, and the request is gray again at C: by the request id that B hands on, and, when B
hands on nothing, because the only request in flight at B is a gray one. A table then says of each hop which lane the request
was in, how the sidecar knew, which candidates there were and why one was taken.

Options
  --once          play the scenario, check what came of it and end: 0 as expected, 2 something differs (it is printed)
  --nacos         the same on a real Nacos server: the applications register themselves there, look each other up and choose an
                  instance of whatever version; the sidecars bring the call into its lane. The server is built from Maven Central
                  the first time (a JDK of 17 or newer, Maven, the network, about a minute) and kept in .cache
  -o json         the same as one JSON document (with --once)
  -h, --help      this text

Without --once everything stays up until Ctrl-C, with addresses to try by hand; then no process and no file is left.

Exit codes
  0 fine, 1 could not be started (with --nacos: it says which tool is missing) or crashed, 2 something differs, 64 bad usage,
  130 interrupted

Lines to grep
  base  A[127.0.1.1] -> B[127.0.2.1] -> C[127.0.3.1]
  gray  Agray[127.0.1.2] -> Bgray[127.0.2.2] -> Cgray[127.0.3.2]
`;
