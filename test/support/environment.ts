/**
 * The environment of the tests: what they and all that they start get does not depend on how they were started. vitest's
 * configuration sets it before any worker begins, so that Node.js itself starts in it.
 */

/** What a program needs of the machine: where things are, and how Docker is reached. */
const ofTheMachine =
  /^(PATH|HOME|USER|LOGNAME|SHELL|TMPDIR|XDG_RUNTIME_DIR|DOCKER_\w+|SSL_CERT_(FILE|DIR)|NODE_EXTRA_CA_CERTS)$/;
/** What the tests themselves are told: what to draw, and with which browser, images and etcds they run. */
const ofTheTests =
  /^(SEED|RUNS|VASE_TEST_SET|CHROME_PATH|VASE_KIND_SHORT|VASE_(NODE|ETCD|BASE)_IMAGE|VASE_ETCD(_RELEASES)?|VASE_BIN|VITEST(_\w+)?)$/;

/** The same on every machine. */
const fixed = { LANG: 'C.UTF-8', TZ: 'UTC', NODE_ENV: 'test' };

/** Names alone decide: make's, npm's and CI's variables, proxies, locales and the user's own VASE_* are not in it. */
export function environmentOfTests(given: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const kept = Object.entries(given).filter(([name]) => ofTheMachine.test(name) || ofTheTests.test(name));
  return { ...Object.fromEntries(kept), ...fixed };
}

/** Of this process, and so of its children. */
export function setEnvironmentOfTests(): void {
  const wanted = environmentOfTests(process.env);
  for (const name of Object.keys(process.env)) if (!(name in wanted)) delete process.env[name];
  Object.assign(process.env, wanted);
  process.umask(0o022);
}
