import type { MethodDefinition } from '@grpc/grpc-js';

const toBytes = (text: string): Buffer => Buffer.from(text);
const toText = (bytes: Buffer): string => bytes.toString();

function method(path: string, isStream: boolean): MethodDefinition<string, string> {
  return {
    path,
    requestStream: false,
    responseStream: isStream,
    requestSerialize: toBytes,
    requestDeserialize: toText,
    responseSerialize: toBytes,
    responseDeserialize: toText,
  };
}

/** A gRPC service whose messages are bare text, so that it needs no compiler. */
export const GREETER = {
  say: method('/demo.Greeter/Say', false),
  count: method('/demo.Greeter/Count', true),
};
