import { assertEquals } from "@std/assert";
import { containerMemoryBytes } from "shared/process/container_memory.ts";

const MIB = 2 ** 20;

/** What version 1 states where there is no limit. */
const UNLIMITED_1 = "9223372036854771712\n";

const V2_MOUNT =
  "29 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const V1_MOUNTS = "24 19 0:22 / /sys/fs/cgroup ro,nosuid shared:9 - tmpfs tmpfs ro,mode=755\n" +
  "31 24 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:14 - cgroup cgroup rw,cpu,cpuacct\n" +
  "33 24 0:30 / /sys/fs/cgroup/memory rw,relatime shared:16 - cgroup cgroup rw,memory\n";

function limitOf(files: Readonly<Record<string, string>>): number {
  return containerMemoryBytes((path) => {
    const text = files[path];
    if (text === undefined) throw new Deno.errors.NotFound(path);
    return text;
  });
}

Deno.test("a systemd service is held to the limit of a slice around it", () => {
  const slice = "/sys/fs/cgroup/user.slice/user-1000.slice";
  const files = {
    "/proc/self/cgroup": "0::/user.slice/user-1000.slice/user@1000.service/app.slice/run-r1.scope\n",
    "/proc/self/mountinfo": V2_MOUNT,
    [`${slice}/memory.max`]: `${900 * MIB}\n`,
    [`${slice}/user@1000.service/memory.max`]: "max\n",
    [`${slice}/user@1000.service/app.slice/run-r1.scope/memory.max`]: `${2000 * MIB}\n`,
  };
  assertEquals(limitOf(files), 900 * MIB);
  assertEquals(limitOf({ ...files, [`${slice}/memory.high`]: `${700 * MIB}\n` }), 700 * MIB);
  assertEquals(limitOf({ ...files, [`${slice}/memory.high`]: "max\n" }), 900 * MIB);
});

Deno.test("a Slurm step of version 1 is held to the limit of its job", () => {
  const job = "/sys/fs/cgroup/memory/slurm/uid_1000/job_42";
  assertEquals(
    limitOf({
      "/proc/self/cgroup": "11:cpu,cpuacct:/slurm/uid_1000/job_42\n4:memory:/slurm/uid_1000/job_42/step_0/task_0\n" +
        "1:name=systemd:/system.slice/slurmd.service\n",
      "/proc/self/mountinfo": V1_MOUNTS,
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": UNLIMITED_1,
      [`${job}/memory.limit_in_bytes`]: `${4096 * MIB}\n`,
      [`${job}/step_0/memory.limit_in_bytes`]: `${4096 * MIB}\n`,
      [`${job}/step_0/task_0/memory.limit_in_bytes`]: UNLIMITED_1,
    }),
    4096 * MIB,
  );
});

Deno.test("a Slurm step of version 2 is held to the limit of its job", () => {
  const scope = "/sys/fs/cgroup/system.slice/slurmstepd.scope";
  assertEquals(
    limitOf({
      "/proc/self/cgroup": "0::/system.slice/slurmstepd.scope/job_7/step_0/user/task_0\n",
      "/proc/self/mountinfo": V2_MOUNT,
      [`${scope}/memory.max`]: "max\n",
      [`${scope}/job_7/memory.max`]: `${3000 * MIB}\n`,
      [`${scope}/job_7/step_0/user/task_0/memory.max`]: "max\n",
    }),
    3000 * MIB,
  );
});

Deno.test("a Kubernetes container sees its own group as the root", () => {
  const limit = { "/sys/fs/cgroup/memory.max": `${512 * MIB}\n` };
  // with a namespace of its own; after it was moved out of its view; without a namespace, where the mount begins at the group
  for (const path of ["/", "/../../pod7/other"]) {
    assertEquals(
      limitOf({ ...limit, "/proc/self/cgroup": `0::${path}\n`, "/proc/self/mountinfo": V2_MOUNT }),
      512 * MIB,
    );
  }
  const pod = "/kubepods/burstable/pod7/c1";
  const files = {
    "/proc/self/cgroup": `9:memory:${pod}\n`,
    "/proc/self/mountinfo": `40 35 0:30 ${pod} /sys/fs/cgroup/memory ro,relatime - cgroup cgroup rw,memory\n`,
    "/sys/fs/cgroup/memory/memory.limit_in_bytes": `${256 * MIB}\n`,
  };
  assertEquals(limitOf(files), 256 * MIB);
  assertEquals(limitOf({ ...files, "/proc/self/cgroup": `9:memory:${pod}/nested\n` }), 256 * MIB);
  assertEquals(limitOf({ ...files, "/proc/self/cgroup": "9:memory:/docker/c2\n" }), 256 * MIB);
});

Deno.test("where both versions are mounted, the smaller limit holds", () => {
  const files = {
    "/proc/self/cgroup": "4:memory:/job\n0::/job\n",
    "/proc/self/mountinfo": `${V1_MOUNTS}34 24 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n`,
    "/sys/fs/cgroup/memory/job/memory.limit_in_bytes": `${800 * MIB}\n`,
  };
  assertEquals(limitOf(files), 800 * MIB);
  assertEquals(limitOf({ ...files, "/sys/fs/cgroup/unified/job/memory.max": `${300 * MIB}\n` }), 300 * MIB);
});

Deno.test("a mount with a space in its name is found", () => {
  assertEquals(
    limitOf({
      "/proc/self/cgroup": "0::/a b\n",
      "/proc/self/mountinfo": "29 23 0:26 / /mnt/c\\040g rw - cgroup2 none rw\n",
      "/mnt/c g/a b/memory.max": `${MIB}\n`,
    }),
    MIB,
  );
});

Deno.test("without groups, or with files that cannot be parsed, there is no limit", () => {
  assertEquals(limitOf({}), Infinity);
  assertEquals(limitOf({ "/proc/self/cgroup": "nonsense\n\n", "/proc/self/mountinfo": "a b\n - \n" }), Infinity);
  assertEquals(
    limitOf({
      "/proc/self/cgroup": "0::/\n",
      "/proc/self/mountinfo": V2_MOUNT,
      "/sys/fs/cgroup/memory.max": "",
    }),
    Infinity,
  );
});
