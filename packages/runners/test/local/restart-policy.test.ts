import { expect, test } from "vitest";
import { type Clock, GIVE_UP_DEATHS, RestartPolicy } from "../../src/local/replica/restart-policy.ts";

class FakeClock implements Clock {
  at = 0;
  chance = 1;
  now = () => this.at;
  after = () => () => {};
  random = () => this.chance;
}

test("delays double, and half of each is chance", () => {
  const clock = new FakeClock();
  const policy = new RestartPolicy(clock);
  expect([policy.died(), policy.died(), policy.died()]).toEqual([100, 200, 400]);
  clock.chance = 0;
  expect(policy.died()).toBe(400);
});

test("a replica that died too often within a minute is given up", () => {
  const policy = new RestartPolicy(new FakeClock());
  const delays = Array.from({ length: GIVE_UP_DEATHS }, () => policy.died());
  expect(delays.map((delay) => delay === undefined)).toEqual([false, false, false, false, true]);
});

test("deaths are forgotten after a minute", () => {
  const clock = new FakeClock();
  const policy = new RestartPolicy(clock);
  for (let i = 0; i < 50; i++) {
    expect(policy.died()).toBeDefined();
    clock.at += 20_000;
  }
  clock.at += 60_000;
  expect(policy.died()).toBe(100);
});
