import { Agent } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../harness/eventually.ts';
import { begin, readAnswer, response, send } from '../harness/http-client.ts';
import { startMesh, type Mesh } from '../harness/pods.ts';

describe('drain of HTTP/1.1', () => {
  let mesh: Mesh | undefined;
  const agents: Agent[] = [];
  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.destroy();
    await mesh?.close();
  });
  function keepAlive(maxSockets: number): Agent {
    const agent = new Agent({ keepAlive: true, maxSockets });
    agents.push(agent);
    return agent;
  }

  it('of a callee costs callers nothing: their sidecar goes on to the endpoint that is left', async () => {
    mesh = await startMesh({
      pods: [
        { name: 'A', service: 'a' },
        { name: 'B1', service: 'b' },
        { name: 'B2', service: 'b' },
      ],
    });
    const { entry } = mesh.pod('A').proxy;
    const agent = keepAlive(8);
    const answers: number[] = [];
    let isOver = false;
    const load = async (): Promise<void> => {
      while (!isOver)
        answers.push((await send(entry, { host: 'b', agent, method: 'POST', body: 'x' })).status);
    };
    const loads = Promise.all(Array.from({ length: 8 }, load));
    await Promise.race([loads, eventually('load', () => answers.length > 300)]);
    const { proxy } = mesh.pod('B1');
    process.kill(proxy.process.pid, 'SIGTERM');
    expect(await proxy.process.exited).toBe(0);
    const before = answers.length;
    await Promise.race([loads, eventually('further load', () => answers.length > before + 100)]);
    isOver = true;
    await loads;
    expect(answers.filter((status) => status !== 200)).toEqual([]);
  });

  it('ends, with 0, soon after a response whose head was sent before the drain began', async () => {
    mesh = await startMesh({
      gateway: { drainTimeoutMs: '10000' },
      pods: [{ name: 'B', service: 'b', sidecar: false }],
      config: { gateway: { routes: [{ hosts: ['*'], service: 'b' }] } },
    });
    const { gateway } = mesh;
    let finish = (): void => undefined;
    mesh.pod('B').app.handler = (_request, answer) => {
      answer.write('first ');
      finish = () => answer.end('last');
    };
    const request = begin(gateway.entry, { agent: keepAlive(1) });
    request.end();
    const message = await response(request);
    process.kill(gateway.process.pid, 'SIGTERM');
    await eventually('the drain', () => gateway.process.output().includes('"event":"draining"'));
    finish();
    expect((await readAnswer(message)).text).toBe('first last');
    expect(await gateway.process.exited).toBe(0);
  });
});
