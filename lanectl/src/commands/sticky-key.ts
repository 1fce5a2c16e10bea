import type { StickyKey } from '@lanekeeper/protocol/model';
import { InvalidArgumentError } from 'commander';

/** `header:NAME`, `cookie:NAME`, `query:NAME` or `source-ip`. */
export function readKey(text: string): StickyKey {
  if (text === 'source-ip') return { sourceIp: true };
  const [, kind, name = ''] = /^(header|cookie|query):(.+)$/.exec(text) ?? [];
  if (kind === 'header') return { header: name.toLowerCase() };
  if (kind === 'cookie') return { cookie: name };
  if (kind === 'query') return { query: name };
  throw new InvalidArgumentError('expected header:NAME, cookie:NAME, query:NAME or source-ip.');
}
