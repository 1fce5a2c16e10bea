import { freePort } from '../harness/free-port.ts';
import { runToEnd, startProcess } from '../harness/process.ts';
import { untilListening } from '../harness/until-listening.ts';
import { startSidecar, type SidecarProcess } from '../harness/sidecar-process.ts';
import { goTool, GO_TOOLS } from './go-tool.ts';
import { compare, type Suite, type SuiteScore } from './suite.ts';

/** The cases of grpc-go's interop client that need no credentials. */
const CASES = [
  'empty_unary',
  'large_unary',
  'client_streaming',
  'server_streaming',
  'ping_pong',
  'empty_stream',
  'timeout_on_sleeping_server',
  'cancel_after_begin',
  'cancel_after_first_response',
  'status_code_and_message',
  'special_status_message',
  'custom_metadata',
  'unimplemented_method',
  'unimplemented_service',
] as const;

/** grpc-go's own client and server, through the inbound sidecar and through outbound and inbound. */
export const grpcInterop: Suite = {
  name: 'grpc-interop',
  async run() {
    const server = await goTool(GO_TOOLS.interopServer);
    const client = await goTool(GO_TOOLS.interopClient);
    const port = await freePort();
    const origin = await startProcess({ command: server, args: [`--port=${port}`] });
    await untilListening(port);
    const callee = await startSidecar({ variables: { appAddress: `127.0.0.1:${port}` } });
    const caller = await startCaller(callee);
    try {
      const reference = await score(client, String(port));
      const one = await score(client, portOf(callee.inbound));
      const two = await score(client, portOf(caller.outbound));
      return [
        compare('grpc-go interop', 'inbound sidecar', { through: one, reference }),
        compare('grpc-go interop', 'two sidecars', { through: two, reference }),
      ];
    } finally {
      for (const running of [caller, callee, origin]) await running.stop();
    }
  },
};

/** The client's authority is the caller's own outbound address: a service of that address and port maps it to the callee. */
async function startCaller(callee: SidecarProcess): Promise<SidecarProcess> {
  const port = await freePort();
  const endpoint = { address: '127.0.0.1', port: Number(portOf(callee.inbound)) };
  return startSidecar({
    variables: { outboundListen: `127.0.0.1:${port}` },
    mesh: { services: [{ name: 'interop', addresses: ['127.0.0.1'], port, endpoints: [endpoint] }] },
  });
}

function portOf(address: string): string {
  return address.slice(address.lastIndexOf(':') + 1);
}

async function score(client: string, port: string): Promise<SuiteScore> {
  const failures: string[] = [];
  for (const name of CASES) {
    const args = ['--server_host=127.0.0.1', `--server_port=${port}`, `--test_case=${name}`];
    const run = await runToEnd(client, args, { timeoutMs: 60_000 });
    if (run.code !== 0) failures.push(name);
  }
  return { passed: CASES.length - failures.length, total: CASES.length, failures };
}
