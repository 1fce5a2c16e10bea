import { expect, test } from 'vitest';
import { nacosArguments } from './nacos-command.ts';

const PLACE = { jar: '/jar', home: '/home', port: 18_848 };
const TLS = { certificateFile: '/tls.crt', keyFile: '/tls.key', caFile: '/ca.crt' };

test('listens on loopback and writes below its home only', () => {
  const args = nacosArguments(PLACE, {});
  expect(args).toContain('-Dserver.address=127.0.0.1');
  expect(args).toContain('-Dserver.port=18848');
  const paths = args.filter((arg) => /(home|logs.path|basedir|file|tmpdir)=/.test(arg));
  expect(paths.filter((arg) => !arg.includes('=/home'))).toEqual([]);
  expect(paths.length).toBeGreaterThan(4);
  expect(args.slice(-2)).toEqual(['-jar', '/jar']);
});

test('asks for no login and no certificate unless it is told to', () => {
  expect(nacosArguments(PLACE, {}).filter((arg) => /auth|tls/i.test(arg))).toEqual([]);
});

test('takes right passwords from the first second on, with a key for tokens that is long enough', () => {
  const args = nacosArguments(PLACE, { auth: { password: 'x' } });
  expect(args).toContain('-Dnacos.core.auth.enabled=true');
  expect(args).toContain('-Dnacos.core.auth.caching.enabled=false');
  const key = args.find((arg) => arg.includes('secret.key='))?.split('secret.key=')[1] ?? '';
  expect(Buffer.from(key, 'base64').length).toBeGreaterThanOrEqual(32);
});

test('speaks nothing but TLS at all of its ports where it has a certificate', () => {
  const args = nacosArguments(PLACE, { tls: TLS });
  expect(args).toContain('-Dnacos.remote.server.rpc.tls.compatibility=false');
  expect(args).toContain('-Dnacos.remote.server.rpc.tls.certChainFile=file:/tls.crt');
  expect(args).toContain('-Dlanekeeper.http.tls.certificate=/tls.crt');
});
