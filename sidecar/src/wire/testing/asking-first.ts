import { setImmediate as nextTurn } from 'node:timers/promises';
import type { CreateDriver } from './start-driver.ts';

/** The same driver where the destination of every request has to be asked for first. */
export function askingFirst(create: CreateDriver): CreateDriver {
  return (parts) => {
    const prepare = async (): Promise<void> => {
      for (let turn = 0; turn < 3; turn += 1) await nextTurn();
    };
    return create({ ...parts, handler: { ...parts.handler, prepare } });
  };
}
