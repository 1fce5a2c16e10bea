import { NacosError } from '../../nacos-error.ts';
import { LENGTH_DELIMITED, ProtoReader } from './proto-reader.ts';

/**
 * The one message of Nacos 2's protocol, both ways:
 * `Payload { Metadata metadata = 2; google.protobuf.Any body = 3; }`,
 * `Metadata { string type = 3; map<string, string> headers = 7; string clientIp = 8; }`
 * (nacos_grpc_service.proto of Nacos 2.2.4). The body's `value` is JSON in UTF-8; `type` names its class.
 */
export interface Payload {
  readonly type: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly clientIp: string;
  readonly body: Buffer;
}

/** Nacos' own servers and clients stop at 10 MiB. */
export const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

const PAYLOAD_METADATA = 2;
const PAYLOAD_BODY = 3;
const METADATA_TYPE = 3;
const METADATA_HEADERS = 7;
const METADATA_CLIENT_IP = 8;
const ENTRY_KEY = 1;
const ENTRY_VALUE = 2;
const ANY_VALUE = 2;

export function encodePayload({ type, headers, clientIp, body }: Payload): Buffer {
  const entries = [...headers].map(([key, value]) =>
    field(METADATA_HEADERS, Buffer.concat([text(ENTRY_KEY, key), text(ENTRY_VALUE, value)])),
  );
  const metadata = Buffer.concat([text(METADATA_TYPE, type), ...entries, text(METADATA_CLIENT_IP, clientIp)]);
  return Buffer.concat([field(PAYLOAD_METADATA, metadata), field(PAYLOAD_BODY, field(ANY_VALUE, body))]);
}

/** Throws a NacosError `nacos_answer_malformed` and nothing else. Fields that it does not know are passed over. */
export function decodePayload(bytes: Buffer): Payload {
  if (bytes.length > MAX_PAYLOAD_BYTES) {
    throw new NacosError(
      'nacos_answer_malformed',
      `the server sends a message of ${bytes.length} bytes; ${MAX_PAYLOAD_BYTES} are the most that is taken`,
    );
  }
  const metadata: Metadata = { type: '', clientIp: '', headers: new Map() };
  let body: Buffer = Buffer.alloc(0);
  eachField(bytes, (number, reader) => {
    if (number === PAYLOAD_METADATA) readMetadata(reader.bytes(), metadata);
    else if (number === PAYLOAD_BODY) body = bytesField(reader.bytes(), ANY_VALUE) ?? body;
    else return false;
    return true;
  });
  return { ...metadata, body };
}

interface Metadata {
  type: string;
  clientIp: string;
  readonly headers: Map<string, string>;
}

function readMetadata(bytes: Buffer, metadata: Metadata): void {
  eachField(bytes, (number, reader) => {
    if (number === METADATA_TYPE) metadata.type = reader.text();
    else if (number === METADATA_CLIENT_IP) metadata.clientIp = reader.text();
    else if (number === METADATA_HEADERS) readHeader(reader.bytes(), metadata.headers);
    else return false;
    return true;
  });
}

function readHeader(bytes: Buffer, headers: Map<string, string>): void {
  let key = '';
  let value = '';
  eachField(bytes, (number, reader) => {
    if (number === ENTRY_KEY) key = reader.text();
    else if (number === ENTRY_VALUE) value = reader.text();
    else return false;
    return true;
  });
  headers.set(key, value);
}

function bytesField(bytes: Buffer, wanted: number): Buffer | undefined {
  let found: Buffer | undefined;
  eachField(bytes, (number, reader) => {
    if (number !== wanted) return false;
    found = reader.bytes();
    return true;
  });
  return found;
}

/** All known fields are strings, bytes or messages; `read` says whether it has taken the field. The last one of a number counts. */
function eachField(bytes: Buffer, read: (number: number, reader: ProtoReader) => boolean): void {
  const reader = new ProtoReader(bytes);
  for (let next = reader.field(); next !== undefined; next = reader.field()) {
    if (next.wireType !== LENGTH_DELIMITED || !read(next.number, reader)) reader.skip(next.wireType);
  }
}

function text(number: number, value: string): Buffer {
  return value === '' ? Buffer.alloc(0) : field(number, Buffer.from(value));
}

function field(number: number, value: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + LENGTH_DELIMITED), varint(value.length), value]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return Buffer.from(bytes);
}
