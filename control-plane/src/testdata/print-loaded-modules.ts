// Builds a control plane as the environment says, ends it, and prints what was loaded for it: one URL in a line.
import { registerHooks } from 'node:module';

const loaded: string[] = [];
registerHooks({
  load(url, context, next) {
    loaded.push(url);
    return next(url, context);
  },
});
const { parseConfig } = await import('../config.ts');
const { buildControlPlane } = await import('../app.ts');
const lifecycle = { phase: () => 'building' as const, stop: () => undefined };
const program = await buildControlPlane(parseConfig(process.env), lifecycle);
await program.close();
process.stdout.write(`${loaded.join('\n')}\n`, () => process.exit());
