import { fileURLToPath } from 'node:url';
import { mavenJar, type BuildOptions } from './maven-jar.ts';

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const CACHE = at('../../../.cache/nacos');

type Tell = Pick<BuildOptions, 'tell'>;

/** The path of the server's jar; the first time it is built, which takes Maven, a JDK and the network. */
export function buildNacosServer(options: Tell = {}): Promise<string> {
  const project = {
    title: 'a Nacos 2.2.4 server',
    folder: at('../../nacos-server'),
    jar: 'nacos-server.jar',
  };
  return mavenJar(project, { cache: CACHE, ...options });
}

/** The same for the program that registers with the Java client of Nacos. */
export function buildNacosRegistrant(options: Tell = {}): Promise<string> {
  const project = {
    title: 'a registrant with the Java client of Nacos',
    folder: at('../../nacos-server/registrant'),
    jar: 'nacos-registrant.jar',
  };
  return mavenJar(project, { cache: CACHE, ...options });
}
