/** Why a command could not do what was asked; `next` is what to type or look at. */
export class Failure extends Error {
  readonly next: string | undefined;

  constructor(message: string, options: { readonly next?: string; readonly cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'Failure';
    this.next = options.next;
  }
}
