//! Decodes zstd (RFC 8878) as it arrives, block by block.

use std::io;

use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::stream::try_unfold;
use ruzstd::decoding::{
    BlockDecodingStrategy, FrameDecoder,
    errors::{FrameDecoderError, ReadFrameHeaderError},
};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio_util::io::StreamReader;

/// The largest window of a frame, in bytes: 8 MiB (RFC 9659 §3).
const MAX_WINDOW_BYTES: u64 = 8 << 20;

/// The most bytes that the decoder reads at a time: a block with its header and the checksum of the
/// frame (RFC 8878 §3.1.1). Headers of frames are smaller.
const MAX_READ_BYTES: usize = 3 + (128 << 10) + 4;

/// Decodes a stream of frames.
pub(super) fn decode(encoded: impl AsyncRead + Send + Unpin) -> impl AsyncRead + Send {
    let mut frame = FrameDecoder::new();
    frame.set_max_window_size(MAX_WINDOW_BYTES);
    let decoder = Decoder { encoded, buffer: BytesMut::new(), frame };
    StreamReader::new(Box::pin(try_unfold(decoder, async |mut decoder| {
        Ok::<_, io::Error>(decoder.next().await?.map(|bytes| (bytes, decoder)))
    })))
}

struct Decoder<R> {
    encoded: R,
    /// Encoded bytes that are not decoded yet.
    buffer: BytesMut,
    frame: FrameDecoder,
}

impl<R: AsyncRead + Unpin> Decoder<R> {
    /// Returns the next decoded bytes, or `None` at the end.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            self.fill().await?;
            if !self.frame.is_finished() {
                if let Some(bytes) = self.decode_block()? {
                    return Ok(Some(bytes));
                }
            } else if self.buffer.is_empty() {
                return Ok(None);
            } else {
                self.start_frame().await?;
            }
        }
    }

    /// Reads until the buffer has what the decoder reads at a time, or to the end.
    async fn fill(&mut self) -> io::Result<()> {
        while self.buffer.len() < MAX_READ_BYTES {
            let missing = (MAX_READ_BYTES - self.buffer.len()) as u64;
            if (&mut self.encoded).take(missing).read_buf(&mut self.buffer).await? == 0 {
                break;
            }
        }
        Ok(())
    }

    /// Reads the header of a frame. Skips a skippable frame (RFC 8878 §3.1.2).
    async fn start_frame(&mut self) -> io::Result<()> {
        let mut rest = &self.buffer[..];
        let started = self.frame.init(&mut rest);
        let read = self.buffer.len() - rest.len();
        self.buffer.advance(read);
        match started {
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let mut skipped = length as usize;
                while skipped > 0 {
                    self.fill().await?;
                    let part = skipped.min(self.buffer.len());
                    if part == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    self.buffer.advance(part);
                    skipped -= part;
                }
                Ok(())
            }
            other => other.map_err(io::Error::other),
        }
    }

    /// Decodes a block. Returns the bytes that the window no longer needs, if there are any.
    fn decode_block(&mut self) -> io::Result<Option<Bytes>> {
        let mut rest = &self.buffer[..];
        self.frame
            .decode_blocks(&mut rest, BlockDecodingStrategy::UptoBlocks(1))
            .map_err(io::Error::other)?;
        let read = self.buffer.len() - rest.len();
        self.buffer.advance(read);
        let bytes = self.frame.collect().filter(|bytes| !bytes.is_empty());
        if let Some(stored) = self.frame.get_checksum_from_data()
            && self.frame.get_calculated_checksum() != Some(stored)
        {
            return Err(io::Error::other("the checksum of the zstd frame is wrong"));
        }
        Ok(bytes.map(Bytes::from))
    }
}
