import { expect, it } from 'vitest';
import { paint, terminalOf } from './terminal.ts';

const stream = (isTTY?: boolean) => ({ write: () => true, ...(isTTY === undefined ? {} : { isTTY }) });
const terminal = (isTTY: boolean | undefined, env: Readonly<Record<string, string>> = {}) =>
  terminalOf({ stdout: stream(isTTY), stderr: stream(), env });

it('paints on a terminal only', () => {
  expect(paint(terminal(true), 'red', 'x')).toBe('\u001B[31mx\u001B[39m');
  expect(paint(terminal(undefined), 'red', 'x')).toBe('x');
});

it('paints nothing where NO_COLOR asks for that, unless it is empty', () => {
  expect(paint(terminal(true, { NO_COLOR: '1' }), 'red', 'x')).toBe('x');
  expect(paint(terminal(true, { NO_COLOR: '' }), 'red', 'x')).not.toBe('x');
});
