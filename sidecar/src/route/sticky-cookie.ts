import { STICKY_COOKIE } from '@lanekeeper/protocol/headers';
import type { HeaderEdit } from '../wire/head.ts';

const MAX_AGE_SECONDS = 30 * 24 * 60 * 60;

/** Gives a client the key by which shares of traffic know it from now on. Scripts need not see it, other sites may not send it. */
export function stickyCookie(key: string, isTls: boolean): HeaderEdit {
  const parts = [
    `${STICKY_COOKIE}=${key}`,
    'Path=/',
    `Max-Age=${MAX_AGE_SECONDS}`,
    'HttpOnly',
    'SameSite=Lax',
    ...(isTls ? ['Secure'] : []),
  ];
  return { name: 'set-cookie', value: parts.join('; '), append: true };
}
