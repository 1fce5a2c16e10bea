import { buildNacosServer } from './nacos-server/build-nacos-server.ts';
import { findJavaTools } from './nacos-server/java-tools.ts';
import type { NacosServer } from './nacos-server/nacos-server.ts';
import { startNacosServer } from './nacos-server/start-nacos-server.ts';
import type { PlaygroundCommand } from './options.ts';
import { startPlayground } from './playground.ts';
import type { Playground, PlaygroundOptions } from './playground.ts';

async function told<T>(what: string, start: () => Promise<T>): Promise<T> {
  const started = performance.now();
  process.stderr.write(`· starting ${what}\n`);
  const running = await start();
  process.stderr.write(`·   up in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
  return running;
}

/** A Nacos server that ends with the playground. The first time it is built, which tells its progress itself. */
async function openNacos(): Promise<NacosServer> {
  await findJavaTools();
  await buildNacosServer();
  return told('a Nacos server', () => startNacosServer());
}

/** Rejects when the start is interrupted; what is under way then ends with this process. */
function whenInterrupted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const give = (): void => reject(new Error('stopped before Nacos was up'));
    if (signal.aborted) give();
    else signal.addEventListener('abort', give, { once: true });
  });
}

/** Starts what the command asks for, the Nacos server with it, and tells on standard error how far it is. */
export async function startTold(command: PlaygroundCommand, options: PlaygroundOptions): Promise<Playground> {
  if (!command.nacos) {
    return told('the gateway, six applications and their sidecars', () => startPlayground(options));
  }
  const nacos = await Promise.race([openNacos(), whenInterrupted(options.signal)]);
  try {
    const what = 'the control plane, the gateway, six applications and their sidecars';
    const playground = await told(what, () => startPlayground({ ...options, nacos }));
    const close = async (): Promise<void> => {
      await playground.close();
      await nacos.stop();
    };
    return { ...playground, close };
  } catch (error) {
    await nacos.stop();
    throw error;
  }
}
