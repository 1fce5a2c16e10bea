// `node grpc-lanes-client.ts TARGET LANE,LANE,…`: one connection, a call for each lane (empty: none), and prints who answered.
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { GREETER } from './greeter.ts';

const [target = '', lanes = ''] = process.argv.slice(2);
const client = new Client(target, credentials.createInsecure());
const { say } = GREETER;

function ask(lane: string): Promise<string | undefined> {
  const metadata = new Metadata();
  if (lane !== '') metadata.set('baggage', `lane=${lane}`);
  return new Promise((resolve, reject) => {
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
}

const names: unknown[] = [];
for (const lane of lanes.split(',')) names.push(await ask(lane));
client.close();
process.stdout.write(JSON.stringify(names));
