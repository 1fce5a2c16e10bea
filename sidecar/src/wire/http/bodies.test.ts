import { describe } from 'vitest';
import { slowDriver } from '../testing/create-http-driver.ts';
import { bodiesPromises } from '../testing/http1/bodies.ts';

describe('the slow driver', () => bodiesPromises(slowDriver));
