import { REDACTED } from '@lanekeeper/runtime/redact';
import { NacosError, type NacosErrorCode } from '../../nacos-error.ts';
import type { Payload } from './payload.ts';
import { malformed, number, parseBody, textOr, type JsonObject } from './json-body.ts';

/** What goes before the class name in every request: who asks, and as whom. */
export interface Sender {
  readonly clientIp: string;
  readonly token: string | undefined;
}

/** What a server tells on the stream and wants answered. */
export interface ServerRequest {
  readonly type: string;
  readonly requestId: string;
  readonly body: JsonObject;
}

/** Codes of `com.alibaba.nacos.api.exception.NacosException` that mean something to us. */
const INVALID_SERVER_STATUS = 300;
const UNREGISTERED = 301;
const NO_RIGHT = 403;
const SUCCESS = 200;

export function requestPayload(type: string, fields: JsonObject, { clientIp, token }: Sender): Payload {
  const headers = new Map(token === undefined ? [] : [[TOKEN_HEADER, token] as const]);
  return { type, headers, clientIp, body: Buffer.from(JSON.stringify(fields)) };
}

/** What the server's request wants to hear: that it has arrived. Undefined: it is of a kind that nobody here knows. */
export function acknowledgement(request: ServerRequest, clientIp: string): Payload | undefined {
  const type = ACKNOWLEDGED_BY.get(request.type);
  if (type === undefined) return undefined;
  const fields = { resultCode: SUCCESS, requestId: request.requestId };
  return requestPayload(type, fields, { clientIp, token: undefined });
}

export const NOTIFY = 'NotifySubscriberRequest';
export const RESET = 'ConnectResetRequest';

const ACKNOWLEDGED_BY = new Map([
  [NOTIFY, 'NotifySubscriberResponse'],
  [RESET, 'ConnectResetResponse'],
  ['ClientDetectionRequest', 'ClientDetectionResponse'],
  // Nacos 2.4 and newer, which do not insist on it.
  ['SetupAckRequest', 'SetupAckResponse'],
]);

export function readServerRequest({ type, body }: Payload): ServerRequest {
  const fields = parseBody(body, type);
  return { type, requestId: textOr(fields['requestId'], ''), body: fields };
}

/** The body of the answer to `request`. Throws a NacosError when the server says no, or answers something else. */
export function readAnswer(payload: Payload, request: Payload): JsonObject {
  const fields = parseBody(payload.body, payload.type === '' ? 'its body' : payload.type);
  const result = number(fields['resultCode'] ?? SUCCESS, 'resultCode');
  if (result !== SUCCESS) throw refusal(fields, result, request);
  const type = answerType(request.type);
  if (payload.type === type) return fields;
  throw malformed(`it is of type ${JSON.stringify(payload.type.slice(0, MAX_WORDS))} instead of ${type}`);
}

/** The class that answers a request. */
function answerType(requestType: string): string {
  return requestType === 'ServiceQueryRequest'
    ? 'QueryServiceResponse'
    : requestType.replace(/Request$/, 'Response');
}

/** A server's words as they may be repeated: not without end, and without the token that it was shown. */
export function quotable(words: string, request: Payload): string {
  const token = request.headers.get(TOKEN_HEADER) ?? '';
  const clean = token === '' ? words : words.replaceAll(token, REDACTED);
  return clean.length > MAX_WORDS ? `${clean.slice(0, MAX_WORDS)}…` : clean;
}

const MAX_WORDS = 300;
const TOKEN_HEADER = 'accessToken';

/** `nacos_unreachable`: of no use on this connection, but on the next one or in a moment. */
function refusal(fields: JsonObject, result: number, request: Payload): NacosError {
  const own = number(fields['errorCode'] ?? 0, 'errorCode');
  const errorCode = own === 0 ? result : own;
  const words = quotable(textOr(fields['message'], 'nothing'), request);
  return new NacosError(codeOf(errorCode, words), `the server says: ${words} (${errorCode})`);
}

function codeOf(errorCode: number, words: string): NacosErrorCode {
  if (errorCode === NO_RIGHT) {
    // A token that is not accepted has the same number: only the words tell.
    return /authoriz|authority/i.test(words) ? 'nacos_not_permitted' : 'nacos_credentials_refused';
  }
  return errorCode === INVALID_SERVER_STATUS || errorCode === UNREGISTERED
    ? 'nacos_unreachable'
    : 'nacos_refused';
}
