import { describe } from 'vitest';
import { slowDriver } from '../testing/create-http-driver.ts';
import { misbehaviourPromises } from '../testing/http1/misbehaviour.ts';

describe('the slow driver', () => misbehaviourPromises(slowDriver));
