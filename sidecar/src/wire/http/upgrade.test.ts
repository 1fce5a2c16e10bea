import { describe } from 'vitest';
import { slowDriver } from '../testing/create-http-driver.ts';
import { upgradePromises } from '../testing/http1/upgrade.ts';

describe('the slow driver', () => upgradePromises(slowDriver));
