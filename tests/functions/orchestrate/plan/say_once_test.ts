import { assertEquals } from "@std/assert";
import { saidOnce } from "functions/orchestrate/plan/say_once.ts";

const warning = (code: string, message: string) => ({ code, level: "warning" as const, message });

Deno.test("a warning of several channels is said once, with the channels that it also holds for", () => {
  const found = [
    { labels: ["0 (DAPI)"], warnings: [warning("coarse", "coarse by 2"), warning("dark", "dark")] },
    { labels: ["1 (GFP)", "2"], warnings: [warning("coarse", "coarse by 3"), warning("cut", "cut")] },
    { labels: ["3"], warnings: [warning("coarse", "coarse by 4")] },
  ];
  assertEquals(saidOnce(found), [
    warning("coarse", "coarse by 2; likewise channels 1 (GFP), 2, 3"),
    warning("dark", "dark"),
    warning("cut", "cut; likewise channel 2"),
  ]);
});

Deno.test("what is told of the only channel stays as it is, and no more than 16 channels are listed", () => {
  assertEquals(saidOnce([{ labels: [], warnings: [warning("coarse", "coarse")] }]), [warning("coarse", "coarse")]);
  const many = Array.from({ length: 20 }, (_, channel) => ({ labels: [`${channel}`], warnings: [warning("a", "a")] }));
  const { message } = saidOnce(many)[0]!;
  assertEquals([message.startsWith("a; likewise channels 1, 2, "), message.endsWith(", 16, ...")], [true, true]);
});
