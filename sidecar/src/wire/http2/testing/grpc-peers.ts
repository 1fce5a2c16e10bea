import {
  Client,
  credentials,
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import type { SocketAddress } from '@lanekeeper/runtime/socket-address';
import { onTestFinished } from 'vitest';

const asIs = (bytes: Buffer): Buffer => bytes;

function method(
  name: string,
  requestStream: boolean,
  responseStream: boolean,
): MethodDefinition<Buffer, Buffer> {
  return {
    path: `/test.Echo/${name}`,
    requestStream,
    responseStream,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

/** All four kinds of calls, over messages that are plain bytes. */
export const ECHO = {
  unary: method('Unary', false, false),
  upload: method('Upload', true, false),
  download: method('Download', false, true),
  chat: method('Chat', true, true),
} as const satisfies ServiceDefinition;

export interface GrpcOrigin {
  readonly target: SocketAddress;
  readonly server: Server;
}

export async function startGrpc(
  implementation: UntypedServiceImplementation,
  options: ConstructorParameters<typeof Server>[0] = {},
): Promise<GrpcOrigin> {
  const server = new Server(options);
  server.addService(ECHO, implementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  onTestFinished(() => server.forceShutdown());
  return { target: { address: '127.0.0.1', port }, server };
}

export function grpcClient(port: number, options: ConstructorParameters<typeof Client>[2] = {}): Client {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    ...options,
  });
  onTestFinished(() => client.close());
  return client;
}
