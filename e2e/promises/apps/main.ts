import { startChain } from './chain.ts';
import { startClient } from './client.ts';
import { startEdge } from './edge.ts';
import { askClient } from './ask-client.ts';
import { endOnSignal } from './end-on-signal.ts';
import { startProbed } from './probed.ts';
import { startTalk } from './talk.ts';

/** The applications of the promises, one program: `main.mjs ROLE`. None of them knows anything of lanes. */
const ROLES: Readonly<Record<string, (env: NodeJS.ProcessEnv) => Promise<void>>> = {
  async chain(env) {
    endOnSignal(await startChain(env));
  },
  async client() {
    endOnSignal(await startClient());
  },
  async edge(env) {
    endOnSignal(await startEdge(env));
  },
  async probed(env) {
    endOnSignal(await startProbed(env));
  },
  async talk(env) {
    endOnSignal(await startTalk(env));
  },
  /** A container that is only there. */
  idle() {
    const timer = setInterval(() => undefined, 2 ** 30);
    endOnSignal({ close: () => clearInterval(timer) });
    return Promise.resolve();
  },
  /** For `kubectl exec` into a client: hands it one action and prints its answer. */
  async ask() {
    process.stdout.write(await askClient(process.argv[3] ?? ''));
  },
  /** The work of a Job: one request that must be answered with 200. */
  async once() {
    const answer = await fetch(process.argv[3] ?? '');
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`answered ${answer.status}: ${text}`);
    process.stdout.write(`${text}\n`);
  },
};

const name = process.argv[2] ?? '';
const role = ROLES[name];
if (role === undefined) {
  process.stderr.write(
    `usage: main.mjs ROLE, one of ${Object.keys(ROLES).join(', ')}; got ${JSON.stringify(name)}\n`,
  );
  process.exit(64);
}
await role(process.env);
