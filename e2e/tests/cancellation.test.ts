import { afterEach, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { begin } from '../harness/http-client.ts';
import { startMesh, type Mesh } from '../harness/pods.ts';

let mesh: Mesh | undefined;
afterEach(() => mesh?.close());

it('tells the application behind two sidecars that the client has gone', async () => {
  mesh = await startMesh({
    pods: [
      { name: 'A', service: 'a' },
      { name: 'B', service: 'b' },
    ],
  });
  let reached = false;
  let isTold = false;
  mesh.pod('B').app.handler = (_request, answer) => {
    reached = true;
    answer.on('close', () => (isTold = true));
  };
  const request = begin(mesh.pod('A').proxy.entry, { host: 'b' });
  request.end();
  await eventually('the request at the application', () => reached);
  request.socket?.resetAndDestroy();
  await eventually('the application is told', () => isTold, 5_000);
});
