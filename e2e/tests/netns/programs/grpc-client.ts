// `node grpc-client.ts TARGET [LANE]`: calls the greeter, unary and streaming, and prints what came.
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { GREETER } from './greeter.ts';

const [target = '', lane] = process.argv.slice(2);
const client = new Client(target, credentials.createInsecure());
const metadata = new Metadata();
if (lane !== undefined) metadata.set('baggage', `lane=${lane}`);
const { say, count } = GREETER;

const said = await new Promise<string | undefined>((resolve, reject) => {
  client.makeUnaryRequest(
    say.path,
    say.requestSerialize,
    say.responseDeserialize,
    'hello',
    metadata,
    (error, text) => {
      if (error === null) resolve(text);
      else reject(error);
    },
  );
});
const counted: unknown[] = [];
const stream = client.makeServerStreamRequest(
  count.path,
  count.requestSerialize,
  count.responseDeserialize,
  'go',
  metadata,
);
for await (const text of stream) counted.push(text);
client.close();
process.stdout.write(JSON.stringify([said, ...counted]));
