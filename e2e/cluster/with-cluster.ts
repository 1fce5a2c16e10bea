import type { Request } from './arguments.ts';
import { resumeCommands } from './command.ts';
import { isOwn, takeDownOwn } from './down.ts';
import type { Layout } from './layout.ts';
import { step } from './steps.ts';
import { bringUp, keep } from './up.ts';
import { usage } from './usage.ts';

/** Makes a cluster for `work`, which answers an exit code, and takes it down, however that went; `keep` leaves it to the user. */
export async function withCluster(
  request: Pick<Request, 'name' | 'keep'>,
  work: (layout: Layout) => Promise<number>,
): Promise<number> {
  try {
    const layout = await bringUp(request.name);
    const code = await work(layout);
    if (request.keep) {
      keep(layout);
      process.stdout.write(usage(layout));
    }
    return code;
  } finally {
    // Also when it was interrupted: what it takes to clean up must run.
    resumeCommands();
    if (isOwn(request.name)) await step('taking the cluster down', () => takeDownOwn(request.name));
  }
}
