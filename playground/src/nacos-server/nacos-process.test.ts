import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startNacosProcess } from './nacos-process.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanekeeper-process-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('tells the last words of a server that ends before it is up', async () => {
  const place = { address: '127.0.0.1', httpPort: 9 };
  const starting = startNacosProcess({
    java: '/bin/sh',
    args: ['-c', 'echo "Could not reserve enough space" >&2; exit 7'],
    home: folder,
    temporary: folder,
    logFile: join(folder, 'server.log'),
    place,
  });
  await expect(starting).rejects.toThrow(
    'the Nacos server ended with exit code 7; its last words:\nCould not reserve enough space',
  );
});
