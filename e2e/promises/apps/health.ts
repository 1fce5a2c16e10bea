import { Server, ServerCredentials, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';

/** grpc.health.v1.HealthCheckResponse with field 1, the status: SERVING is 1, NOT_SERVING 2. */
const SERVING = Buffer.from([0x08, 0x01]);
const NOT_SERVING = Buffer.from([0x08, 0x02]);
const bytes = (buffer: Buffer): Buffer => buffer;

/** The gRPC health service that the kubelet asks. */
export async function startHealth(port: number, isServing: () => boolean): Promise<Server> {
  const server = new Server();
  const check = {
    path: '/grpc.health.v1.Health/Check',
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes,
    requestDeserialize: bytes,
    responseSerialize: bytes,
    responseDeserialize: bytes,
  };
  server.addService(
    { check },
    {
      check(_: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>) {
        answer(null, isServing() ? SERVING : NOT_SERVING);
      },
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`0.0.0.0:${port}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  return server;
}
