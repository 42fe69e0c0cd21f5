//! Posts to make pairs of: titles and texts as people write them.

/// Title and text.
pub const POSTS: [(&str, &str); 12] = [
    (
        "What a slow consumer costs everybody else",
        "For three weeks our latency graphs had a tooth in them, every night at ten past two, and \
         nobody could say why. The brokers were idle, the disks were bored and the network had \
         room to spare. What we had was one consumer that stopped reading while it wrote its own \
         report, and a partition whose page cache was thrown away to serve it when it came back. \
         Reading old records from disk pushed fresh records out of memory, and every other group \
         paid for that. The remedy took an hour. Finding it took twenty nights, and a borrowed \
         tracing tool that could tell us which client had asked for which byte, and when.",
    ),
    (
        "We deleted our staging cluster",
        "Staging was meant to be a rehearsal. In truth it was a museum of experiments that \
         somebody had left running, with a schema two months behind and certificates that expired \
         on public holidays. Every release passed there and then failed in front of customers for \
         reasons that staging could not have shown. So we took it away, and gave each change a \
         short-lived copy of production instead, with masked data and a budget that ends after \
         forty minutes. The first month was uncomfortable. Since then we have rolled back less \
         than half as often, and the people on call have stopped asking which of two environments \
         an alert is about.",
    ),
    (
        "A ledger on top of object storage",
        "Object stores have grown conditional writes, and with them the old advice that they \
         cannot be a database has lost its best argument. We built a small ledger that keeps \
         nothing on local disks: a manifest that is swapped by compare and set, immutable segments \
         beside it, and a cache that may vanish at any time. Commit latency is the price, about \
         ninety milliseconds for us, and batching hides most of that. What we gained is that a \
         lost machine is not an event any more. In this post we go through the manifest format, \
         how two writers notice each other, and the three bugs that a model checker found before \
         our customers could.",
    ),
    (
        "Notes on moving four hundred services to arm",
        "The compiler was the easy part. Nearly everything that we run is built from source, and \
         most of it came out right at the first attempt. What kept us busy was the long tail: a \
         vendor library in binary form, a base image that nobody remembered making, and benchmarks \
         that compared a warm machine with a cold one. We also learned that memory ordering bugs \
         can hide for eight years on one architecture and surface within a day on another. Costs \
         fell by a fifth and power by a third. If we did it again we would move the batch jobs \
         first, because nobody is woken by them at night.",
    ),
    (
        "Why our inference queue has no priorities",
        "Everyone asks for a priority lane until they see what it does to those who are not in it. \
         We tried three levels on our inference gateway, and within a month all important traffic \
         was marked urgent and all urgent traffic was starving the rest. Now there is one queue \
         for each tenant, a fair scheduler across them, and a deadline in every request. A request \
         that cannot make its deadline is refused at once instead of being answered too late. \
         Utilisation of the accelerators rose from sixty to eighty-five per cent, mostly because \
         nothing is computed any more that nobody is waiting for.",
    ),
    (
        "Checkpoints that survive a region",
        "A training run of nine weeks will meet every kind of failure that your provider has on \
         offer. Ours met a flooded cable duct. What saved the run was dull: checkpoints were \
         written to two regions by the trainers themselves, each with a digest, and a restore was \
         rehearsed every Friday on a small cluster that is kept for nothing else. We lost eleven \
         minutes of work. The write-up has the bandwidth sums, the format of a sharded checkpoint \
         that can be read by fewer machines than wrote it, and an apology to the network team for \
         what we did to their weekend graphs.",
    ),
    (
        "The case for boring cron",
        "Workflow engines are wonderful until you have to explain on the telephone, at night, why \
         a job did not run. Our nightly imports moved to a directed graph with retries, sensors \
         and a pretty page, and then moved back to a crontab under version control with a lock \
         file and a mail address. The graph knew everything about the order of the tasks and \
         nothing about whether the result made sense. A line of cron that ends in a check of row \
         counts has caught more broken imports than the engine did in its whole life with us. We \
         keep the engine for what it is good at, which is showing managers a picture.",
    ),
    (
        "Measuring tail latency without lying",
        "Averages of percentiles are not percentiles, and yet half of the dashboards that we \
         inherited were built of them. Worse, the load generator waited for each answer before it \
         sent the next question, so that whenever the server stalled, the generator stalled with \
         it and recorded one slow request instead of four hundred. We replaced it by one that \
         sends on a clock, whatever comes back, and stored histograms instead of summaries. The \
         ninety-ninth percentile went from forty milliseconds to one and a half seconds overnight. \
         Nothing had become slower. We had begun to look.",
    ),
    (
        "How a typo took down our name servers",
        "On Tuesday between 09:12 and 10:47 our names did not resolve. A zone file with a missing \
         dot passed every check, since each of them looked at syntax and none at meaning, and was \
         signed and sent to all four servers within a minute, as we had been proud to promise. \
         Resolvers cached the absence for an hour because of a negative time to live that we had \
         copied from an example in a book. We have shortened it, we roll zones out to one server \
         first, and a check now asks the candidate server for the hundred names that matter. We \
         are sorry. Below is the whole timeline, with the messages that we sent each other.",
    ),
    (
        "Rewriting the scheduler in public",
        "Last spring we promised to rewrite the scheduler with the issue tracker open, and to \
         publish each wrong turn. There were six. The first design assumed that tasks tell the \
         truth about how long they take; they do not, and neither do their authors. The second one \
         kept all state in one process, which was fast and lasted until the first deployment. By \
         the fourth we had understood that placement and preemption are one decision. The version \
         that is now in production has fewer lines than any of its ancestors, and we think that we \
         know why each of them is there.",
    ),
    (
        "Backpressure is a product decision",
        "When a queue is full somebody has to wait, and software can only decide who. For years \
         our uploader said yes to everything and let the encoder fall behind by days, which \
         customers discovered when their films were not there on Monday. Telling them at the door \
         that the house is full felt rude to the people who sell the house. In the end we showed \
         an estimate before the upload begins, took payment only for what we could finish in time, \
         and let the rest come back later with a reservation. Complaints fell to a tenth. The code \
         for it is forty lines long, and the meetings took a year.",
    ),
    (
        "Reading the source of a vector index",
        "This is a walk through eleven thousand lines that many people use and few have opened. A \
         hierarchical graph is a simple thing on paper: layers of neighbours, a greedy descent, a \
         queue at the bottom. The difficulty is in deletion, where a removed node may have been \
         the only road between two towns, and in concurrent inserts that each see half of the \
         other. The authors chose to mark and to repair later, and the repair is the most \
         interesting part of the file. I take the lock order from their comments, draw the states \
         of a node, and close with two questions that I could not answer.",
    ),
];

/// The first words of a text.
pub fn first_words(text: &str, count: usize) -> String {
    text.split_whitespace().take(count).collect::<Vec<_>>().join(" ")
}

/// A text in HTML as another program would set it: paragraphs, emphasis, an image in front.
pub fn with_other_markup(text: &str) -> String {
    let sentences: Vec<&str> = text.split_inclusive(". ").collect();
    let paragraphs: Vec<String> = sentences
        .chunks(2)
        .map(|two| format!("<p class=\"body\">{}</p>", two.concat().trim()))
        .collect();
    let styled =
        paragraphs.concat().replacen(" the ", " <em>the</em> ", 3).replace('\'', "&#8217;");
    format!("<figure><img src=\"https://cdn.example/hero.png\" alt=\"\"></figure>{styled}")
}
