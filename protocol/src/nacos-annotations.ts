import { ANNOTATIONS } from './labels.ts';

/** What an annotation may say; the same at admission and where it is followed. */
export interface AnnotationRule {
  readonly key: string;
  /** Completes the sentence "expected …". */
  readonly expected: string;
  /** `text` is trimmed and not empty. */
  accepts(text: string): boolean;
}

/** As Nacos itself has them (NamespaceUtil, ParamUtils, and the limit of its tables). */
const NAME = /^[A-Za-z0-9_.:-]{1,128}$/;
/** Service names may be of any script; `@@` stands between group and name, and a comma between services. */
const SERVICE = /^[^\s@,/][^\s,/]{0,254}$/u;

export const NACOS_ANNOTATION_RULES: readonly AnnotationRule[] = [
  {
    key: ANNOTATIONS.nacosPort,
    expected: 'a port from 1 to 65535',
    accepts: (text) => /^[0-9]{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535,
  },
  {
    key: ANNOTATIONS.nacosService,
    expected:
      'the name of a Nacos service without its group: at most 255 characters, no space, "/", "," or "@@"',
    accepts: (text) => SERVICE.test(text) && !text.includes('@@'),
  },
  {
    key: ANNOTATIONS.nacosGroup,
    expected: 'a Nacos group: letters, digits, "_", ".", ":" and "-", at most 128',
    accepts: (text) => NAME.test(text),
  },
  {
    key: ANNOTATIONS.nacosNamespace,
    expected: 'the id of a Nacos namespace: letters, digits, "_", ".", ":" and "-", at most 128',
    accepts: (text) => NAME.test(text),
  },
  {
    key: ANNOTATIONS.nacosRegistry,
    expected: 'the name of a registry: letters, digits, "_", ".", ":" and "-", at most 128',
    accepts: (text) => NAME.test(text),
  },
];

/** What a pod asks for; what it leaves out is for who registers it to fill in. */
export interface NacosWish {
  readonly port: number;
  readonly service: string;
  readonly group: string | undefined;
  readonly namespace: string | undefined;
  readonly registry: string | undefined;
}

/** A wrong annotation; `found` is what it says, undefined where something is missing. */
export interface AnnotationProblem {
  readonly key: string;
  readonly expected: string;
  readonly found: string | undefined;
}

/** `app`: the name by its labels, as `appOf` finds it. */
export interface Registrant {
  readonly annotations: Readonly<Record<string, string>>;
  readonly app: string | undefined;
}

export interface NacosWishResult {
  /** Undefined: it is not to be registered, or what it asks for cannot be. */
  readonly wish: NacosWish | undefined;
  readonly problems: readonly AnnotationProblem[];
}

/** Reads all annotations; every mistake at once. An annotation without the port is one, for it would have no effect. */
export function readNacosWish(of: Registrant): NacosWishResult {
  const given = new Map(
    NACOS_ANNOTATION_RULES.flatMap(({ key }) => {
      const text = Object.hasOwn(of.annotations, key) ? (of.annotations[key]?.trim() ?? '') : '';
      return text === '' ? [] : [[key, text] as const];
    }),
  );
  const problems = [...wrong(given), ...missing(given, of.app)];
  const port = given.get(ANNOTATIONS.nacosPort);
  const service = given.get(ANNOTATIONS.nacosService) ?? of.app;
  if (port === undefined || service === undefined || problems.length > 0)
    return { wish: undefined, problems };
  return {
    wish: {
      port: Number(port),
      service,
      group: given.get(ANNOTATIONS.nacosGroup),
      namespace: given.get(ANNOTATIONS.nacosNamespace),
      registry: given.get(ANNOTATIONS.nacosRegistry),
    },
    problems,
  };
}

type Given = ReadonlyMap<string, string>;

function wrong(given: Given): readonly AnnotationProblem[] {
  return NACOS_ANNOTATION_RULES.flatMap(({ key, expected, accepts }) => {
    const found = given.get(key);
    return found === undefined || accepts(found) ? [] : [{ key, expected, found }];
  });
}

function missing(given: Given, app: string | undefined): readonly AnnotationProblem[] {
  const [first] = given.keys();
  if (first === undefined) return [];
  if (!given.has(ANNOTATIONS.nacosPort)) {
    const expected = `a port from 1 to 65535, without which ${first} has no effect`;
    return [{ key: ANNOTATIONS.nacosPort, expected, found: undefined }];
  }
  if (app !== undefined || given.has(ANNOTATIONS.nacosService)) return [];
  const expected = 'the name of a Nacos service, for no label names the app';
  return [{ key: ANNOTATIONS.nacosService, expected, found: undefined }];
}
