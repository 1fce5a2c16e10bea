import { styleText } from 'node:util';

/** Where a command writes: data to `out`, talk to `err`. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly hasColours: boolean;
}

export type Colour = 'green' | 'yellow' | 'red' | 'cyan' | 'dim' | 'bold';

export interface ProcessStreams {
  readonly stdout: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Colours only on a terminal, and never where NO_COLOR asks for none. */
export function terminalOf({ stdout, stderr, env }: ProcessStreams): Terminal {
  return {
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    hasColours: stdout.isTTY === true && (env['NO_COLOR'] ?? '') === '',
  };
}

export function paint({ hasColours }: Pick<Terminal, 'hasColours'>, colour: Colour, text: string): string {
  return hasColours ? styleText(colour, text, { validateStream: false }) : text;
}
