const page = document.querySelector("section");
const list = page.querySelector("ul");
const settings = JSON.parse(page.dataset.settings);

async function ask(method, url, body) {
  const reply = await fetch(url, {
    method,
    headers: body ? { "Content-Type": "application/json" } : {},
    body: body && JSON.stringify(body),
  });
  const answer = reply.status === 204 ? {} : await reply.json();
  if (!reply.ok) throw new Error(answer.error);
  return answer;
}

function show(note) {
  const item = document.createElement("li");
  item.textContent = note.text;
  list.append(item);
}

page.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const field = event.target.elements.text;
  field.maxLength = settings.maxLength;
  try {
    show(await ask("POST", page.dataset.notes, { text: field.value }));
    field.value = "";
  } catch (error) {
    page.querySelector("output").textContent = error.message;
  }
});

ask("GET", page.dataset.notes).then((answer) => (answer.notes ?? []).forEach(show));
