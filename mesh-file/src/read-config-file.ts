import { open, stat } from 'node:fs/promises';
import type { BigIntStats } from 'node:fs';
import { MAX_DOCUMENT_BYTES } from './decode-document.ts';

/** What stands at a path now: its text, or why there is none. */
export type FileContent = { readonly fingerprint: string } & (
  { readonly text: string } | { readonly problem: string }
);

const MISSING = 'missing';

/** Reads a whole file within the limit. Undefined when it changed meanwhile: look again when its writer is done. */
export async function readConfigFile(path: string): Promise<FileContent | undefined> {
  const before = await fingerprintOf(path);
  const content = await read(path);
  const after = await fingerprintOf(path);
  return before === after ? { ...content, fingerprint: after } : undefined;
}

/** Changes when the file is replaced or written, but for writes within one tick of the file system's clock. */
export async function fingerprintOf(path: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs }: BigIntStats = await stat(path, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join(':');
  } catch (error) {
    return codeOf(error) === 'ENOENT' ? MISSING : `unreadable: ${codeOf(error)}`;
  }
}

type Content = { readonly text: string } | { readonly problem: string };

async function read(path: string): Promise<Content> {
  try {
    return await readBounded(path);
  } catch (error) {
    if (error instanceof TypeError) return { problem: 'expected text in UTF-8' };
    if (codeOf(error) === 'ENOENT')
      return { problem: 'expected a file, found none; create it or correct the path' };
    return { problem: `cannot be read: ${error instanceof Error ? error.message : String(error)}` };
  }
}

async function readBounded(path: string): Promise<Content> {
  // A named pipe would block the reader until somebody writes.
  if (!(await stat(path)).isFile()) return { problem: 'expected a regular file' };
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if (size > MAX_DOCUMENT_BYTES)
      return { problem: `expected at most ${MAX_DOCUMENT_BYTES} bytes, found ${size}` };
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(await file.readFile()) };
  } finally {
    await file.close();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
