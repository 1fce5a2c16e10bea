import { MAX_FIELDS } from '../http/request-head.ts';
import { nominatedFields } from '../hop-by-hop.ts';
import { CLASSES, CR, DIGIT, FIELD_VALUE, LF, SPACE } from './bytes.ts';
import { FieldTable, namesByLength } from './field-table.ts';
import type { Framing } from './request-reader.ts';

/** What came of it; a text says what is wrong. */
export type ResponseReading = 'more' | 'read' | { readonly problem: string };

const VERSION = Buffer.from('HTTP/1.', 'latin1');
/** Fields that decide the framing, and those that stay on the upstream's connection. */
const JUDGED = namesByLength([
  ...['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'proxy-connection'],
  ...['te', 'upgrade', 'http2-settings'],
]);
const NO_HTTP1: ResponseReading = { problem: 'The upstream does not answer in HTTP/1.' };
const BAD_LINE: ResponseReading = { problem: "The upstream's status line is not valid HTTP/1." };
const BAD_FIELDS: ResponseReading = { problem: "The upstream's header fields are not valid HTTP/1." };
const MANY_FIELDS: ResponseReading = {
  problem: `The upstream's response has more than ${MAX_FIELDS} header fields.`,
};

/** Reads heads of responses, strictly (RFC 9112 sections 4 to 6): what can be read in two ways is a problem. */
export class ResponseReader {
  readonly fields = new FieldTable(MAX_FIELDS);
  status = 0;
  /** Position of the code in the status line. */
  codeAt = 0;
  isHttp10 = false;
  framing: Framing = 'close';
  length = 0;
  /** The upstream leaves the connection open. */
  isKeptAlive = true;
  /** The position after the head. */
  end = 0;
  /** Fields that stay on the upstream's connection. */
  readonly dropped: number[] = [];

  read(bytes: Buffer, from: number): ResponseReading {
    const fieldsAt = this.#readLine(bytes, from);
    if (typeof fieldsAt !== 'number') return fieldsAt;
    const end = this.fields.scan(bytes, fieldsAt);
    if (end === 'more') return 'more';
    if (typeof end === 'string') return end === 'many' ? MANY_FIELDS : BAD_FIELDS;
    this.end = end;
    const problem = this.#judgeFields();
    if (problem !== undefined) return { problem };
    this.#dropUselessFraming();
    return 'read';
  }

  /** Where the fields begin. */
  #readLine(bytes: Buffer, from: number): number | ResponseReading {
    for (let at = 0; at < VERSION.length; at += 1) {
      if (from + at === bytes.length) return 'more';
      if (bytes[from + at] !== VERSION[at]) return NO_HTTP1;
    }
    const minorAt = from + VERSION.length;
    const codeAt = minorAt + 2;
    let at = codeAt;
    let status = 0;
    for (; at < codeAt + 3; at += 1) {
      if (at >= bytes.length) return 'more';
      if (!isDigit(bytes[at])) return BAD_LINE;
      status = status * 10 + (bytes[at] ?? 0) - 0x30;
    }
    const minor = bytes[minorAt];
    if ((minor !== 0x30 && minor !== 0x31) || bytes[minorAt + 1] !== SPACE || status < 100) return BAD_LINE;
    this.status = status;
    this.codeAt = codeAt;
    this.isHttp10 = minor === 0x30;
    return endOfLine(bytes, at);
  }

  /** What is wrong with the framing. */
  #judgeFields(): string | undefined {
    const { fields, dropped } = this;
    let lengths = 0;
    let codings = 0;
    let connection: string | undefined;
    dropped.length = 0;
    this.framing = 'close';
    for (let field = 0; field < fields.count; field += 1) {
      const name = fields.nameAmong(field, JUDGED);
      if (name === undefined) continue;
      if (name === 'content-length') {
        lengths += 1;
        this.framing = 'length';
        this.length = fields.length(field);
      } else if (name === 'transfer-encoding') {
        codings += fields.isValue(field, 'chunked') ? 1 : 2;
      } else {
        dropped.push(field);
        if (name === 'connection' && !fields.isValue(field, 'keep-alive')) {
          connection = joined(connection, fields.value(field));
        }
      }
    }
    this.#judgeConnection(connection);
    return this.#judgeFraming(lengths, codings);
  }

  #judgeFraming(lengths: number, codings: number): string | undefined {
    if (lengths > 1) return "The upstream's response has more than one content-length.";
    if (lengths === 1 && this.length < 0) return "The upstream's content-length is no number of bytes.";
    if (codings === 0) return undefined;
    if (this.isHttp10) return 'The upstream uses transfer-encoding in HTTP/1.0.';
    if (codings > 1) return 'The upstream uses a transfer-coding other than "chunked".';
    if (lengths > 0) return "The upstream's response has both content-length and transfer-encoding.";
    this.framing = 'chunked';
    return undefined;
  }

  /** Names of trailers without chunks, and chunks where there is no body. */
  #dropUselessFraming(): void {
    const hasNoBody = this.status === 204 || this.status === 304;
    if (this.framing === 'chunked' && !hasNoBody) return;
    this.#drop('trailer');
    this.#drop('transfer-encoding');
  }

  #drop(name: string): void {
    const { fields, dropped } = this;
    for (let field = fields.find(name); field >= 0; field = fields.find(name, field + 1)) dropped.push(field);
  }

  #judgeConnection(value: string | undefined): void {
    // An HTTP/1.0 upstream is not counted on to keep its connection, whatever it says.
    this.isKeptAlive = !this.isHttp10;
    if (value === undefined) return;
    const options = value
      .toLowerCase()
      .split(',')
      .map((option) => option.trim());
    if (options.includes('close')) this.isKeptAlive = false;
    for (const name of nominatedFields(value)) this.#drop(name);
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before}, ${value}`;
}

/** After the reason phrase, which may be missing together with the space before it. */
function endOfLine(bytes: Buffer, from: number): number | ResponseReading {
  let at = from;
  if (bytes[at] === SPACE) {
    while (((CLASSES[bytes[at] as number] as number) & FIELD_VALUE) !== 0) at += 1;
  }
  if (at >= bytes.length) return 'more';
  if (bytes[at] !== CR) return BAD_LINE;
  if (at + 1 === bytes.length) return 'more';
  return bytes[at + 1] === LF ? at + 2 : BAD_LINE;
}

function isDigit(byte = 0): boolean {
  return ((CLASSES[byte] ?? 0) & DIGIT) !== 0;
}
