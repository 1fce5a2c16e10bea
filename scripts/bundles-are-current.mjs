// Exit code 0: dist/ holds the bundles of these very sources. The Dockerfiles then need no network to make them again.
import { areBundlesCurrent } from './bundle-stamp.mjs';

process.exitCode = areBundlesCurrent() ? 0 : 1;
