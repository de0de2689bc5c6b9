import { $, ask, copyButtons, isPlain, quoted, say, short, why } from "./page.js";

// The link is the address of this page. The relay has it already; it is asked what it means, so
// that page and program never judge a link differently.
async function show() {
  const answer = await ask(`assets/invite.json?link=${encodeURIComponent(location.href)}`);
  const { status, body } = answer;
  if (status === 200 && typeof body?.link === "string") {
    fill(body);
  } else if (status === 200 && typeof body?.error === "string") {
    refuse(short(body.error, 200));
  } else {
    say($("about-qr"), `${why(answer)} The link is the address of this page; it was not checked.`);
  }
}

function fill({ link, relay, qr }) {
  $("link").textContent = link;
  $("with-chaperon").textContent = `chaperon accept ${quoted(link)}`;
  $("with-clawbuddy").textContent =
    `export CLAWBUDDY_MAILBOX_URL=${quoted(relay)}\nclawbuddy accept ${quoted(link)}`;
  const picture = $("qr");
  picture.src = `data:image/svg+xml,${encodeURIComponent(qr)}`;
  picture.hidden = false;
  say(
    $("about-qr"),
    "The code holds the link. Scan it to take the link to another device; whoever sees the code has the link.",
  );
}

function refuse(reason) {
  $("why").textContent = `${reason[0].toUpperCase()}${reason.slice(1)}.`;
  $("then").textContent = "Ask whoever sent it for a new one, and copy all of it.";
  $("wrong").hidden = false;
  $("invite").hidden = true;
}

$("plain").hidden = !isPlain();
copyButtons();
show();
