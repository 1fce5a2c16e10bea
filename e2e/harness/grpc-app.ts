import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type MethodDefinition,
  type sendUnaryData,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type StatusObject,
} from '@grpc/grpc-js';
import type { Place } from './http-client.ts';

const toBytes = (text: string): Buffer => Buffer.from(text);
const toText = (bytes: Buffer): string => bytes.toString();

function method(name: string, isStream: boolean): MethodDefinition<string, string> {
  return {
    path: `/test.Talk/${name}`,
    requestStream: isStream,
    responseStream: isStream,
    requestSerialize: toBytes,
    requestDeserialize: toText,
    responseSerialize: toBytes,
    responseDeserialize: toText,
  };
}

const TALK = { say: method('Say', false), chat: method('Chat', true) };
const FAILED_PRECONDITION = 9;

/**
 * A service that answers with its name: `say` once, `chat` to every message, and how many there were as a trailer. `fail` fails,
 * a call that says `wait` is not ended, `cancellations` asks how many calls were cancelled.
 */
export async function startGrpcApp(name: string, at: Place): Promise<Server> {
  const server = new Server();
  let cancelled = 0;
  server.addService(TALK, {
    say(call: ServerUnaryCall<string, string>, answer: sendUnaryData<string>) {
      if (call.request === 'wait') call.on('cancelled', () => (cancelled += 1));
      else if (call.request === 'fail') answer({ code: FAILED_PRECONDITION, details: 'as asked: ünïcode' });
      else answer(null, `${name}: ${call.request === 'cancellations' ? cancelled : call.request}`);
    },
    chat(call: ServerDuplexStream<string, string>) {
      let count = 0;
      call.on('error', () => undefined);
      call.on('data', (message: string) => {
        count += 1;
        // grpc-js says so at the end of every call; of these, the end can only be a cancellation.
        if (message === 'wait') call.on('cancelled', () => (cancelled += 1));
        call.write(`${name}: ${message}`);
      });
      call.on('end', () => {
        const trailer = new Metadata();
        trailer.set('x-count', `${count} messages`);
        call.end(trailer);
      });
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.bindAsync(`${at.address}:${at.port}`, ServerCredentials.createInsecure(), (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
  return server;
}

/** Calls `authority` by way of `through`. */
export function grpcClient(through: Place, authority: string): Client {
  return new Client(`${through.address}:${through.port}`, credentials.createInsecure(), {
    'grpc.default_authority': authority,
    'grpc.use_local_subchannel_pool': 1,
  });
}

function tagged(lane: string | undefined): Metadata {
  const metadata = new Metadata();
  if (lane !== undefined) metadata.set('baggage', `lane=${lane}`);
  return metadata;
}

export function callUnary(
  client: Client,
  message: string,
  lane: string | undefined,
  options: { readonly deadlineMs?: number } = {},
): Promise<string> {
  const { say } = TALK;
  const { deadlineMs } = options;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      say.path,
      say.requestSerialize,
      say.responseDeserialize,
      message,
      tagged(lane),
      deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs },
      (error, answer) => {
        if (error === null) resolve(answer ?? '');
        else reject(error);
      },
    );
  });
}

export interface Talk {
  readonly answers: readonly string[];
  readonly status: number;
  readonly trailer: unknown;
}

/** Sends each message once the one before is answered. */
export function chat(
  client: Client,
  messages: readonly string[],
  lane: string | undefined,
  options: { readonly cancelAfter?: number } = {},
): Promise<Talk> {
  const call = client.makeBidiStreamRequest(
    TALK.chat.path,
    TALK.chat.requestSerialize,
    TALK.chat.responseDeserialize,
    tagged(lane),
  );
  const answers: string[] = [];
  const next = (): void => {
    const message = messages[answers.length];
    if (options.cancelAfter === answers.length) call.cancel();
    else if (message === undefined) call.end();
    else call.write(message);
  };
  call.on('error', () => undefined);
  call.on('data', (answer: string) => {
    answers.push(answer);
    next();
  });
  next();
  return new Promise((resolve) => {
    call.on('status', (status: StatusObject) => {
      resolve({ answers, status: status.code, trailer: status.metadata.get('x-count')[0] });
    });
  });
}
