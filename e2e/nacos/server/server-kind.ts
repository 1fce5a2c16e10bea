import type { ContainerRuntimeClient } from 'testcontainers';

/** `container`: the published image, where there is an engine; `process`: built by Maven, everywhere else. */
export const SERVER_KINDS = ['container', 'process'] as const;
export type ServerKind = (typeof SERVER_KINDS)[number];

/**
 * Overrides the choice. The runner hands on what it chose by it, so that all test files agree. Not a name of ours: programs that are
 * started from there would refuse a setting that they do not have.
 */
export const KIND_VARIABLE = 'NACOS_E2E_SERVER';

export interface ChosenKind {
  readonly kind: ServerKind;
  /** For people. */
  readonly why: string;
}

/** What asks for the engine; rejects where none answers. */
export type FindEngine = () => Promise<ContainerRuntimeClient>;

/** Asks testcontainers, which looks where Docker's own command looks. */
export async function findEngine(): Promise<ContainerRuntimeClient> {
  const { getContainerRuntimeClient } = await import('testcontainers');
  return getContainerRuntimeClient();
}

/** Takes the container where an engine answers, else the process. What is asked for by name and cannot be had is an error. */
export async function chooseServerKind(
  asked: string | undefined,
  find: FindEngine = findEngine,
): Promise<ChosenKind> {
  const kind = SERVER_KINDS.find((one) => one === asked);
  if (asked !== undefined && asked !== '' && kind === undefined)
    throw new Error(`${KIND_VARIABLE} is ${asked}; expected ${SERVER_KINDS.join(' or ')}, or nothing`);
  if (kind === 'process') return { kind, why: `${KIND_VARIABLE} asks for it` };
  try {
    const { info } = await find();
    return { kind: 'container', why: `a container engine answers (${info.containerRuntime.host})` };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (kind === undefined) return { kind: 'process', why: `no container engine answers (${reason})` };
    throw new Error(
      `${KIND_VARIABLE}=container needs a Docker engine that answers: ${reason}. ` +
        `Start one or name it in DOCKER_HOST; without it, unset ${KIND_VARIABLE}: the server is built by Maven then.`,
      { cause },
    );
  }
}
