import { expect, test } from 'vitest';
import { ConfigError, EnvReader, type ConfigProblem, type EnvSource } from './env.ts';
import { ADDRESS, choice, HTTP_URL, integer, list, milliseconds, number, PORT, TEXT } from './env-kinds.ts';

function problemsOf(source: EnvSource, read: (env: EnvReader) => void): readonly ConfigProblem[] {
  const env = new EnvReader(source);
  read(env);
  try {
    env.finish('APP_');
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

test('reads every kind of value and trims it', () => {
  const env = new EnvReader({
    APP_NAME: ' demo ',
    APP_COUNT: '7',
    APP_SHARE: '0.25',
    APP_MODE: 'fast',
    APP_PORTS: '25, 3306',
    APP_LISTEN: '127.0.0.1:80,[::1]:81',
    APP_WAIT: '1500',
    APP_NO_PORTS: 'none',
    APP_URL: 'http://collector:4318',
  });
  expect(env.get('APP_NAME', TEXT, '')).toBe('demo');
  expect(env.get('APP_COUNT', integer(1, 9), 0)).toBe(7);
  expect(env.get('APP_SHARE', number(0, 1), 0)).toBe(0.25);
  expect(env.get('APP_MODE', choice('fast', 'slow'), 'slow')).toBe('fast');
  expect(env.get('APP_PORTS', list(PORT), [])).toEqual([25, 3306]);
  expect(env.get('APP_LISTEN', list(ADDRESS), [])).toEqual([
    { address: '127.0.0.1', port: 80 },
    { address: '::1', port: 81 },
  ]);
  expect(env.get('APP_WAIT', milliseconds(0, 9999), 0)).toBe(1500);
  expect(env.get('APP_NO_PORTS', list(PORT), [1])).toEqual([]);
  expect(env.get('APP_URL', HTTP_URL, undefined)).toBe('http://collector:4318');
  expect(() => env.finish('APP_')).not.toThrow();
});

test('takes an unset and an empty variable for the fallback', () => {
  const env = new EnvReader({ APP_EMPTY: ' ' });
  expect(env.get('APP_EMPTY', integer(0, 9), 5)).toBe(5);
  expect(env.get('APP_UNSET', TEXT, undefined)).toBeUndefined();
  expect(() => env.finish('APP_')).not.toThrow();
});

test('reports every mistake at once, each with its variable, its value and what was expected', () => {
  const problems = problemsOf(
    {
      APP_COUNT: '10',
      APP_SHARE: '1.5',
      APP_MODE: 'Fast',
      APP_PORTS: '80,0',
      APP_AT: '::1:80',
      APP_WAIT: '5s',
    },
    (env) => {
      env.get('APP_COUNT', integer(1, 9), 1);
      env.get('APP_SHARE', number(0, 1), 1);
      env.get('APP_MODE', choice('fast', 'slow'), 'slow');
      env.get('APP_PORTS', list(PORT), []);
      env.get('APP_AT', ADDRESS, undefined);
      env.get('APP_WAIT', milliseconds(0, 100), 0);
    },
  );
  expect(problems).toEqual([
    { path: 'APP_COUNT', message: 'expected an integer from 1 to 9, found "10"' },
    { path: 'APP_SHARE', message: 'expected a number from 0 to 1, found "1.5"' },
    { path: 'APP_MODE', message: 'expected one of fast, slow, found "Fast"' },
    {
      path: 'APP_PORTS',
      message: 'expected a comma-separated list, each a port from 1 to 65535, or none, found "80,0"',
    },
    { path: 'APP_AT', message: 'expected host:port or [IPv6]:port, found "::1:80"' },
    { path: 'APP_WAIT', message: 'expected milliseconds (no unit) from 0 to 100, found "5s"' },
  ]);
});

test('never shows a value that may carry credentials', () => {
  const problems = problemsOf({ APP_URL: 'ftp://user:hunter2@host' }, (env) =>
    env.get('APP_URL', HTTP_URL, ''),
  );
  expect(problems).toEqual([
    { path: 'APP_URL', message: 'expected an http:// or https:// URL, found (hidden)' },
  ]);
});

test('refuses a variable of its prefix that it does not know and suggests the nearest', () => {
  const problems = problemsOf({ APP_LISTN: 'x', APP_FROBNICATE: 'x', OTHER_LISTN: 'x' }, (env) =>
    env.get('APP_LISTEN', TEXT, ''),
  );
  expect(problems).toEqual([
    { path: 'APP_LISTN', message: 'no such setting; did you mean APP_LISTEN?' },
    { path: 'APP_FROBNICATE', message: 'no such setting' },
  ]);
});

test('ignores the variables that Kubernetes sets for a Service whose name starts with the prefix', () => {
  const links = {
    APP_CONTROL_PLANE_SERVICE_HOST: '10.0.0.1',
    APP_CONTROL_PLANE_SERVICE_PORT: '15010',
    APP_CONTROL_PLANE_SERVICE_PORT_GRPC: '15010',
    APP_CONTROL_PLANE_PORT: 'tcp://10.0.0.1:15010',
    APP_CONTROL_PLANE_PORT_15010_TCP: 'tcp://10.0.0.1:15010',
    APP_CONTROL_PLANE_PORT_15010_TCP_ADDR: '10.0.0.1',
  };
  expect(problemsOf(links, () => undefined)).toEqual([]);
  expect(problemsOf({ APP_ADMIN_PORT: '15000' }, () => undefined)).toHaveLength(1);
});
