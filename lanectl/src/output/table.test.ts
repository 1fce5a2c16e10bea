import { expect, it } from 'vitest';
import { table } from './table.ts';
import { paint, terminalOf } from './terminal.ts';

it('aligns columns, pads no line at its end, and counts no colour', () => {
  const coloured = paint({ hasColours: true }, 'red', 'gray');
  expect(
    table(
      ['LANE', 'GROUP'],
      [
        [coloured, 'shop/demo'],
        ['a-long-one', 'x'],
      ],
    ),
  ).toBe(`LANE        GROUP\n${coloured}        shop/demo\na-long-one  x\n`);
});

it('paints on a terminal only, and not where NO_COLOR is set', () => {
  const stream = { isTTY: true, write: () => true };
  const on = (env: Record<string, string>, isTTY = true) =>
    terminalOf({ stdout: { ...stream, isTTY }, stderr: stream, env }).hasColours;
  expect([on({}), on({ NO_COLOR: '1' }), on({}, false)]).toEqual([true, false, false]);
});
