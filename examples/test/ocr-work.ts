import type { StartedApp } from "@hadron/core/testing";

/** Does all of the work of "ocr" that there is. */
export async function work(app: StartedApp): Promise<void> {
  const post = async (path: string, body: unknown) => {
    const request = { method: "POST", url: `/external/${path}`, headers: [], body: JSON.stringify(body) };
    const { status, body: said } = await asked(app, request);
    return status === 200 ? JSON.parse(said) : undefined;
  };
  for (;;) {
    const taken = await post("ocr/claim", { waitMs: 1000 });
    if (taken === undefined) return;
    await post(`claims/${taken.claim}/complete`, { text: taken.input.page.toUpperCase() });
  }
}

/** As a worker does, it asks again where no answer came. */
async function asked(app: StartedApp, request: object): Promise<{ status: number; body: string }> {
  for (;;) {
    try {
      return (await app.call("order", "web", request)) as { status: number; body: string };
    } catch (error) {
      if ((error as { code?: string }).code !== "UNAVAILABLE") throw error;
    }
  }
}
