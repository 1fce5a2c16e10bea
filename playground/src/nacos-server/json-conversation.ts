import type { ChildProcessByStdio } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** What a program answers, one document a line: `{"id":1,"ok":true,"result":…}` or `{"id":1,"ok":false,"error":"…"}`. */
interface Answer {
  readonly id: number;
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error?: string;
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export interface Conversation {
  /** One document that nothing is answered to. */
  tell(message: object): void;
  /** Adds an id; resolves with the result, rejects with the error that is answered, or when the program ends. */
  ask(message: object): Promise<unknown>;
  /** Resolves when the program is gone. */
  readonly ended: Promise<void>;
}

const KEPT_BYTES = 8_192;

/** Talks to a program in JSON documents, one a line, on its standard input and output; it may answer in any order. */
export function converse(
  child: ChildProcessByStdio<Writable, Readable, Readable>,
  title: string,
): Conversation {
  const waiting = new Map<number, Waiting>();
  let last = '';
  let nextId = 1;
  let failure: Error | undefined;
  child.stderr.on('data', (chunk: Buffer) => (last = (last + chunk.toString()).slice(-KEPT_BYTES)));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, ok, result, error } = JSON.parse(line) as Answer;
    const one = waiting.get(id);
    waiting.delete(id);
    if (ok) one?.resolve(result);
    else one?.reject(new Error(`${title}: ${error ?? 'no reason given'}`));
  });
  const ended = new Promise<void>((resolve) => {
    const end = (how: string): void => {
      failure = new Error(`${title} ${how}\n${last}`.trimEnd());
      for (const one of waiting.values()) one.reject(failure);
      waiting.clear();
      resolve();
    };
    child.once('error', (error) => end(`did not run: ${error.message}`));
    child.once('close', (code, signal) => end(`ended with ${signal ?? `exit code ${code}`}`));
  });
  // Writing to one that has gone fails; `ended` says so.
  child.stdin.on('error', () => undefined);
  return {
    ended,
    tell: (message) => void child.stdin.write(`${JSON.stringify(message)}\n`),
    ask(message) {
      if (failure !== undefined) return Promise.reject(failure);
      const id = nextId++;
      child.stdin.write(`${JSON.stringify({ ...message, id })}\n`);
      return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
    },
  };
}
