import { describe, expect, it } from 'vitest';
import type { EdgeCors } from '@lanekeeper/protocol/edge';
import { applyEdits } from '../../lane/head.fixture.ts';
import { request } from '../mesh.fixture.ts';
import { compileCors, corsEdits, isPreflight, preflightReply } from './cors.ts';

const CONFIG: EdgeCors = {
  allowOrigins: ['https://www.foo.com', 'https://*.bar.com'],
  allowMethods: ['GET', 'OPTIONS'],
  allowHeaders: ['x-header-1', 'x-header-2'],
  exposeHeaders: ['x-header-3', 'x-header-4'],
  allowCredentials: true,
  maxAgeSeconds: 3600,
};
const ALL: EdgeCors = {
  allowOrigins: ['*'],
  allowMethods: ['*'],
  allowHeaders: ['*'],
  exposeHeaders: ['*'],
  allowCredentials: false,
};

function ask(origin: string, more: Readonly<Record<string, string>> = {}) {
  const headers = { origin, 'access-control-request-method': 'PUT', ...more };
  return { ...request('a', headers), method: 'OPTIONS' };
}

function preflight(config: EdgeCors, origin: string, more: Readonly<Record<string, string>> = {}) {
  const { headers, status } = preflightReply(compileCors(config), ask(origin, more));
  return { status, ...Object.fromEntries(headers.filter(([name]) => name.startsWith('access-control'))) };
}

function response(
  config: EdgeCors,
  origin: string | undefined,
  answered: Readonly<Record<string, string>> = {},
) {
  const head = request('a', origin === undefined ? {} : { origin });
  return applyEdits(answered, corsEdits(compileCors(config), head));
}

describe('a CORS preflight', () => {
  it('is answered with all that the rule allows', () => {
    expect(preflight(CONFIG, 'https://www.foo.com')).toEqual({
      status: 200,
      'access-control-allow-origin': 'https://www.foo.com',
      'access-control-allow-methods': 'GET, OPTIONS',
      'access-control-allow-headers': 'x-header-1, x-header-2',
      'access-control-expose-headers': 'x-header-3, x-header-4',
      'access-control-allow-credentials': 'true',
      'access-control-max-age': '3600',
    });
  });

  it.each([
    ['https://www.bar.com', true],
    ['https://xpto.www.bar.com', true],
    ['https://WWW.FOO.com', true],
    ['https://www.foo.com:443', true],
    ['http://www.foo.com', false],
    ['https://bar.com', false],
    ['https://evil.com/.bar.com', false],
    ['https://www.foo.com.evil.com', false],
    ['null', false],
  ])('from %s gets leave: %s', (origin, isAllowed) => {
    expect(preflight(CONFIG, origin)).toHaveProperty('status', 200);
    expect(Object.hasOwn(preflight(CONFIG, origin), 'access-control-allow-origin')).toBe(isAllowed);
  });

  it('answers `*` with what was asked for, and lets it be cached for 5 s', () => {
    expect(preflight(ALL, 'https://x.com:12345', { 'access-control-request-headers': 'x-a, x-b' })).toEqual({
      status: 200,
      'access-control-allow-origin': 'https://x.com:12345',
      'access-control-allow-methods': 'PUT',
      'access-control-allow-headers': 'x-a, x-b',
      'access-control-expose-headers': '*',
      'access-control-max-age': '5',
    });
    expect(preflight(ALL, 'https://x.com')).not.toHaveProperty('access-control-allow-headers');
  });

  it('is OPTIONS with an origin and a method, nothing less', () => {
    expect(isPreflight(ask('https://x.com'))).toBe(true);
    expect(isPreflight({ ...ask('https://x.com'), method: 'GET' })).toBe(false);
    expect(isPreflight({ ...request('a', { origin: 'https://x.com' }), method: 'OPTIONS' })).toBe(false);
  });
});

describe('the response to a cross-origin request', () => {
  it('says who may read it, and that it depends on the origin', () => {
    expect(response(CONFIG, 'https://www.foo.com')).toEqual({
      'access-control-allow-origin': 'https://www.foo.com',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'x-header-3, x-header-4',
      vary: 'origin',
    });
  });

  it('keeps to the rule where the application is more generous', () => {
    const generous = { 'access-control-allow-origin': '*', 'access-control-allow-credentials': 'true' };
    expect(response(CONFIG, 'https://evil.com', generous)).toEqual({ vary: 'origin' });
    expect(response(CONFIG, undefined, generous)).toEqual({ vary: 'origin' });
    expect(response({ ...ALL, allowCredentials: true }, 'https://x.com')).not.toHaveProperty(
      'access-control-expose-headers',
    );
  });
});
