import { status } from '@grpc/grpc-js';
import { afterEach, expect, it } from 'vitest';
import { makePair } from '@lanekeeper/runtime/testing/self-signed';
import { TestCertificate } from '../testing/test-certificate.ts';
import { startDiscovery, type DiscoveryFixture } from '../testing/discovery-fixture.ts';
import { makeService } from '../testing/test-mesh.ts';
import { createTlsCredentials } from './server-credentials.ts';

let fixture: DiscoveryFixture | undefined;

afterEach(() => fixture?.close());

it('serves a new certificate to new connections while open streams go on', async () => {
  const [first, second] = [makePair('first'), makePair('second')];
  const certificate = new TestCertificate(first);
  fixture = await startDiscovery({ credentials: createTlsCredentials(certificate) });
  const before = fixture.connect({ ca: first.cert });
  before.hello();
  await before.take();
  certificate.swap(second);
  const after = fixture.connect({ ca: second.cert });
  after.hello();
  await after.take();
  before.want('host:b');
  await before.take();
  fixture.mesh.put(makeService('b', ['10.0.0.1']));
  expect((await before.take()).services.map(({ id }) => id)).toEqual(['shop/b']);
  const outdated = fixture.connect({ ca: first.cert });
  expect((await outdated.status).code).toBe(status.UNAVAILABLE);
});
